// For an error that comes again and again: it is said once, then counted, and said again when it is over. Pure.
#pragma once

namespace common {

class RepeatedError {
 public:
  // True when it is to be said: the first of a row.
  bool failed() { return ++count_ == 1; }

  // How many there were in the row that has ended; 0 when there was none.
  int over() {
    const int count = count_;
    count_ = 0;
    return count;
  }

 private:
  int count_ = 0;
};

}  // namespace common

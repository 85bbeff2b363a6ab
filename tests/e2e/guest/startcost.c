// Stands where the instance stands: says when its main() began (CLOCK_MONOTONIC) and how much processor time this process
// had used by then, both in nanoseconds, and ends. Processor time counts from the fork: what the service manager does between
// fork and exec to build the sandbox is in it. Static, so that no dynamic loader is measured.
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(void) {
  uint64_t begun[2] = {nanoseconds(CLOCK_MONOTONIC), nanoseconds(CLOCK_PROCESS_CPUTIME_ID)};
  return write(3, begun, sizeof begun) == sizeof begun ? 0 : 1;
}

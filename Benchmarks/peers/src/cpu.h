// CPU time.
#pragma once
#include <stdint.h>

// Of all threads that a process has had, nanoseconds; 0 if it is gone. Threads that end meanwhile count: pools let idle ones go.
uint64_t process_cpu(int pid);

struct machine {
    double relay_core, steal; // seconds since boot: core 1 not idle; stolen by the hypervisor, all cores
};
struct machine machine_cpu(void);

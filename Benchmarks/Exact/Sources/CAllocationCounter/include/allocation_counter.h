#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

/// What one thread has asked the C library's allocator for since it began.
///
/// Linking this target puts its malloc, calloc, realloc, reallocarray, posix_memalign, aligned_alloc, memalign and free
/// in front of glibc's for the whole process, shared libraries included. Each call counts one; realloc counts as an
/// allocation.
///
/// Built as a library and loaded before a program (LD_PRELOAD) with LENS_ALLOCATION_TABLE=FILE, it counts there, and FILE
/// holds for each thread four words of 64 bits: its number and its counts.
struct allocation_counts {
    /// Asked for by the program itself or the Swift runtime on its behalf.
    uint64_t by_swift;
    /// Asked for by other shared libraries: the SRTP library and its ciphers, the codecs.
    uint64_t by_libraries;
    uint64_t frees;
};

/// Finds where the program and the Swift libraries lie in memory. Until it is called all allocations count as the
/// libraries'.
void allocation_counter_start(void);

/// The calling thread's counts.
struct allocation_counts allocation_counter_read(void);

/// The counts of all running threads of this name, added up. Exact while those threads do nothing.
struct allocation_counts allocation_counter_read_threads(const char *name);

/// Allocates once in each of the seven ways and frees all six blocks that come of it: what the counter is proved with.
void allocation_counter_exercise(void);

/// Has the C library itself allocate once, and frees it.
void allocation_counter_exercise_library(void);

#endif

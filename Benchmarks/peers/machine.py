"""The machine under the comparison: processes on a core of their own, a real-time class where permitted, quiet or not."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time

RELAY_CORE, GENERATOR_CORE = 1, 0
PRIORITY = 50
THROTTLE = "/proc/sys/kernel/sched_rt_runtime_us"
WAKE_UP_LATENCY = "/dev/cpu_dma_latency"


def may_use_real_time():
    try:
        old = os.sched_getscheduler(0), os.sched_getparam(0)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        os.sched_setscheduler(0, *old)
    except PermissionError:
        return False
    return os.access(THROTTLE, os.W_OK)


@contextlib.contextmanager
def unthrottled(wanted):
    """Real-time throttling off meanwhile: it would stop a relay for 50 ms of each second at full load."""
    if not wanted:
        yield
        return
    with open(THROTTLE) as file:
        old = file.read().strip()
    with open(THROTTLE, "w") as file:
        file.write("-1")
    try:
        yield
    finally:
        with open(THROTTLE, "w") as file:
            file.write(old)


@contextlib.contextmanager
def awake():
    """Idle processors wait in the kernel's loop meanwhile and do not halt, so that no relay pays for waking one up: neither its
    hypervisor's time nor caches that went cold. True where that is permitted. The kernel's power management QoS, pm_qos_interface."""
    try:
        request = os.open(WAKE_UP_LATENCY, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        # Microseconds. The request lives as long as the descriptor.
        os.write(request, struct.pack("i", 0))
        yield True
    finally:
        os.close(request)


def start(command, core, real_time, preferred=False, **options):
    """A process pinned to the core, SCHED_FIFO if real_time; if only preferred, before others of its core."""

    def prepare():
        os.sched_setaffinity(0, {core})
        if real_time:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        elif preferred:
            os.nice(-15)

    return subprocess.Popen(command, preexec_fn=prepare, **options)


def stop(process, first=signal.SIGTERM, patience=3.0):
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def must_be_free(host, port):
    """Another server there would be taken for the one under test."""
    with socket.socket() as probe:
        if probe.connect_ex((host, port)) == 0:
            raise RuntimeError(f"{host}:{port} is in use by another program")


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)


def cpu_ticks():
    with open("/proc/stat") as file:
        values = [int(word) for word in file.readline().split()[1:9]]
    user, nice, system, _, _, irq, softirq, steal = values
    return user + nice + system + irq + softirq, steal


def disturbance(seconds=3):
    """What others use, in percent of one core, and what the hypervisor takes away."""
    busy, steal = cpu_ticks()
    time.sleep(seconds)
    busy_after, steal_after = cpu_ticks()
    ticks = os.sysconf("SC_CLK_TCK") * seconds
    return (busy_after - busy) * 100 / ticks, (steal_after - steal) * 100 / ticks


def description():
    facts = {"cores": os.cpu_count(), "kernel": os.uname().release.split("-")[0]}
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                facts["processor"] = line.split(":", 1)[1].strip()
                break
    return facts

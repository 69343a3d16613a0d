"""The system calls that a program behind the walls may make: a list of what is allowed; all else does not exist for it."""

import errno
import os
import socket
from typing import IO, Any

# Left out on purpose, beside everything that needs privileges: ptrace, process_vm_*, keyctl, bpf, userfaultfd,
# perf_event_open, io_uring_*, unshare, setns, clone3 (its flags cannot be looked at; libraries then use clone), mount and its
# family, pivot_root, chroot, kexec, memfd_create and shmget (memory that is nobody's), name_to_handle_at, listen, accept.
_NAMES = """
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 sendfile splice tee copy_file_range lseek _llseek
open openat openat2 creat close close_range dup dup2 dup3 pipe pipe2 fcntl fcntl64 flock fsync fdatasync sync_file_range
ftruncate ftruncate64 truncate truncate64 fallocate fadvise64 fadvise64_64 readahead
stat stat64 fstat fstat64 fstatat64 newfstatat lstat lstat64 statx statfs statfs64 fstatfs fstatfs64 access faccessat
faccessat2 getdents getdents64 getcwd chdir fchdir readlink readlinkat umask utime utimes utimensat futimesat
mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat chmod fchmod fchmodat fchmodat2
chown fchown lchown fchownat getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
mmap mmap2 munmap mprotect mremap madvise msync mincore brk mlock munlock membarrier
poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
epoll_pwait2 eventfd eventfd2 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch timerfd_create timerfd_settime
timerfd_gettime signalfd signalfd4
futex futex_time64 futex_waitv set_robust_list get_robust_list set_tid_address rseq sched_yield sched_getaffinity
sched_setaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min getpriority setpriority
execve execveat exit exit_group wait4 waitid waitpid fork vfork kill tgkill tkill getpid getppid gettid getpgid getpgrp setpgid
setsid getsid getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32 getresuid getresuid32
getresgid getresgid32 setresuid setresuid32 setresgid setresgid32 setgroups setgroups32 capget
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigpending rt_sigtimedwait rt_sigqueueinfo sigaltstack sigreturn pause
alarm getitimer setitimer nanosleep clock_nanosleep clock_nanosleep_time64 clock_gettime clock_gettime64 clock_getres
gettimeofday time times restart_syscall timer_create timer_settime timer_gettime timer_delete timer_getoverrun
getrlimit setrlimit ugetrlimit prlimit64 getrusage sysinfo uname getrandom getcpu prctl arch_prctl
recvfrom recvmsg recv sendto sendmsg send shutdown getsockopt setsockopt getsockname getpeername
"""
ALLOWED = tuple(_NAMES.split())

# The terminal's and the file's questions; nothing that puts anything into a terminal.
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x5460)  # TCGETS TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW* flag
_LOW = 0xFFFFFFFF


def filters(unix_sockets: bool) -> IO[bytes]:
    """The compiled filter in a file for `bwrap --seccomp`; sockets with a name only where LibreOffice asks for them."""
    import pyseccomp  # type: ignore[import-untyped]

    rules: Any = pyseccomp.SyscallFilter(defaction=pyseccomp.ERRNO(errno.ENOSYS))

    def allow(name: str, *arguments: Any) -> None:
        try:
            rules.add_rule(pyseccomp.ALLOW, name, *arguments)
        except (ValueError, OSError, RuntimeError):
            # A call that this processor has not got, or that this libseccomp does not know.
            return

    for name in ALLOWED:
        allow(name)
    for request in _IOCTLS:
        allow("ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _LOW, request))
    allow("clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _NEW_NAMESPACES, 0))
    unix = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _LOW, int(socket.AF_UNIX))
    allow("socketpair", unix)
    if unix_sockets:
        # There is no socket of anybody else's to be seen: these reach as far as /tmp.
        for name in ("bind", "connect", "listen", "accept", "accept4"):
            allow(name)
        allow("socket", unix)
    file = os.fdopen(os.memfd_create("filter"), "w+b")
    rules.export_bpf(file)
    file.seek(0)
    return file

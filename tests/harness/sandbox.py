"""sandbox: runs a command as the systemd unit would, as far as that can be done without a running systemd.

    python3 sandbox.py '{"unit": "wakegate.service.in", "calls": ["read", …], "writable": ["/folder", …]}' COMMAND…

The file system is read-only but for the folders given, no right can be gained, none is left, and the kernel refuses the
system calls that the unit's filter does not list, other address families, and memory that is writable and executable.
What it cannot play: the user of its own, the folders' places, and what is hidden in /proc and /dev. Where no mount
namespace may be made it says so on standard error and goes on with the rest.
"""
import ctypes
import errno
import json
import os
import pathlib
import re
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x20000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
PROT_WRITE, PROT_EXEC = 2, 4
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
MASKED_EQ = 7


def check(result, what):
    if result:
        number = ctypes.get_errno() or -result
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source, target, flags, kind=None):
    check(LIBC.mount(source.encode(), str(target).encode(), kind, flags, None), f"mount {target}")


def make_read_only(unit, writable):
    """ProtectSystem=strict, but that it is the whole of the file system; and ProcSubset."""
    check(LIBC.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", MS_REC | MS_PRIVATE)
    for folder in writable:
        mount(folder, folder, MS_BIND)
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        place = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), line.split()[4])
        if place not in writable and not place.startswith(("/proc", "/sys", "/dev")):
            mount("none", place, MS_REMOUNT | MS_BIND | MS_RDONLY)
    if "\nProcSubset=pid\n" in unit:
        mount("none", "/proc/sys", MS_RDONLY, b"tmpfs")


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("argument", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """One filter of libseccomp's; each that was loaded is asked."""

    def __init__(self, otherwise):
        self.library = ctypes.CDLL("libseccomp.so.2")
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action, call, *comparisons):
        number = self.library.seccomp_syscall_resolve_name(call.encode())
        array = (Comparison * len(comparisons))(*comparisons)
        if number >= 0:  # else not one of this machine's
            check(self.library.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number, len(comparisons),
                                                      array), call)

    def load(self):
        check(self.library.seccomp_load(self.context), "seccomp_load")


def refuse_arguments(unit):
    """MemoryDenyWriteExecute and RestrictAddressFamilies."""
    rules = Filter(ALLOW)
    both = PROT_WRITE | PROT_EXEC
    assert "\nMemoryDenyWriteExecute=yes\n" in unit
    rules.add(REFUSE | errno.EPERM, "mmap", Comparison(2, MASKED_EQ, both, both))
    for call in "mprotect", "pkey_mprotect":
        rules.add(REFUSE | errno.EPERM, call, Comparison(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    allowed = [FAMILIES[name] for name in re.search(r"^RestrictAddressFamilies=(.*)$", unit, re.M)[1].split()]
    for family in range(64):
        if family not in allowed:
            rules.add(REFUSE | errno.EAFNOSUPPORT, "socket", Comparison(0, MASKED_EQ, 0xFFFFFFFF, family))
    rules.load()


def refuse_calls(calls):
    rules = Filter(REFUSE | errno.EPERM)
    for call in calls:
        rules.add(ALLOW, call)
    rules.load()


def drop_rights():
    for capability in range(64):
        if LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            break  # the kernel knows no more, or there are none to drop
    check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def main():
    asked = json.loads(sys.argv[1])
    unit = pathlib.Path(asked["unit"]).read_text()
    try:
        make_read_only(unit, asked["writable"])
    except OSError as error:
        print(f"sandbox: the file system stays writable: {error}", file=sys.stderr, flush=True)
    drop_rights()
    refuse_arguments(unit)
    refuse_calls(asked["calls"])
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()

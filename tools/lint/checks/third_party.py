"""Third-party headers stand only in their place, so that what they cost and leak stays there."""
import fnmatch
import re

from includes import includes
from tree import Finding

# Where a library may be included: the first line that fits the header decides. `*` crosses folders here.
PLACES = [
    ("boost/beast*", ["modules/gateway/*"]),
    ("boost/asio*", ["modules/core/*", "modules/db/*", "modules/journal/*", "modules/gateway/*", "src/*"]),
    ("boost/describe*", ["modules/*", "src/*"]),
    ("boost/mp11*", ["modules/core/*", "modules/gateway/*"]),
    ("boost/core/*", ["modules/core/*", "modules/gateway/*"]),
    ("boost/system/*", ["modules/core/*", "modules/db/*", "modules/journal/*", "modules/gateway/*", "src/*"]),
    ("nlohmann/*", ["modules/core/json*", "modules/gateway/*", "modules/*/api*.cpp", "modules/*/wire.*",
                    "modules/*/wire_*", "src/*"]),
    ("simdjson.h", ["modules/core/json_view.cpp"]),
    ("SQLiteCpp/*", ["modules/db/*"]),
    ("sqlite3.h", ["modules/db/*"]),
    ("mysql.h", ["modules/db/*"]),
    ("errmsg.h", ["modules/db/*"]),
    ("mysqld_error.h", ["modules/db/*"]),
    ("sodium*", ["modules/core/*", "modules/users/*"]),
    ("spdlog/*", ["modules/core/*", "src/*"]),
    ("fmt/*", ["modules/core/*"]),
    ("prometheus/*", ["modules/core/*"]),
    ("CLI/*", ["src/*"]),
    ("toml++/*", ["modules/core/*"]),
    ("unicode/*", ["modules/core/*", "modules/search/words.cpp"]),
    ("zlib.h", ["modules/gateway/*"]),
    ("openssl/*", ["modules/gateway/certificate.cpp", "modules/gateway/tls_link.cpp"]),
]
# A face holds the standard library and what task<T> needs; these faces really need more.
FACES = {
    "include/kith/core/task.hpp": ["boost/asio/*"],
    "include/kith/core/wait.hpp": ["boost/asio/*"],
    "include/kith/core/worker_pool.hpp": ["boost/asio/*"],
    "include/kith/core/json.hpp": ["nlohmann/*", "boost/describe*", "boost/mp11/*"],
    "include/kith/core/json_view.hpp": ["nlohmann/json_fwd.hpp"],
    "include/kith/db.hpp": ["boost/asio/*"],
    "include/kith/gateway/registry.hpp": ["boost/core/demangle.hpp"],
    "include/kith/gateway/server.hpp": ["boost/asio/*"],
}
# The system's own headers are no third party: C and C++ have no slash and no suffix or are in this list.
SYSTEM = re.compile(
    r"[a-z_0-9]+|c[a-z]+|(?:sys|arpa|net|netinet|linux|bits)/[\w./]+"
    r"|(?:assert|ctype|dirent|dlfcn|endian|errno|fcntl|fenv|float|grp|ifaddrs|inttypes|langinfo|limits|locale|malloc|math"
    r"|netdb|poll|pthread|pwd|sched|semaphore|setjmp|signal|spawn|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string"
    r"|strings|syslog|termios|time|unistd|wchar)\.h")


def _fits(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _why(path, header):
    """Why the file may not include the header; None when it may."""
    if path.startswith("include/"):
        allowed = [pattern for face, patterns in FACES.items() if _fits(path, [face]) for pattern in patterns]
        return None if _fits(header, allowed) else f"<{header}> in a face: it would reach all who include it"
    for pattern, places in PLACES:
        if fnmatch.fnmatchcase(header, pattern):
            return None if _fits(path, places) else f"<{header}> belongs to {' '.join(places)}"
    return f"<{header}> has no place yet: name one in checks/third_party.py, with the reason in the module's README"


def run(tree):
    """Findings of modules/, include/ and src/; tests may include what they need."""
    for file in tree.of("cpp"):
        if not file.under("modules", "include", "src"):
            continue
        for include in includes(file):
            if include.quoted or include.path.startswith("kith/") or SYSTEM.fullmatch(include.path):
                continue
            if why := _why(file.path, include.path):
                yield Finding(file.path, include.line, why)

// Folders of ours for sockets whose path would be too long.
#include "admin_place.hpp"

#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace kith {

namespace {

namespace fs = std::filesystem;

constexpr const char* socket_name = "admin.sock";
constexpr const char* pointer_name = "admin.path";
constexpr std::size_t hash_digits = 16;
/// With the zero at the end.
constexpr std::size_t address_bytes_max = sizeof(sockaddr_un::sun_path);

bool fits(const fs::path& socket) {
    return socket.native().size() + 1 <= address_bytes_max;
}

/// One path for the folder, however it was named.
fs::path real_path(const fs::path& data) {
    std::error_code failed;
    fs::path real = fs::canonical(data, failed);
    return failed ? fs::absolute(data) : real;
}

/// Makes the folder, or takes one that is ours alone: in /tmp anyone could have made it.
bool own_folder(const fs::path& folder) {
    if (::mkdir(folder.c_str(), 0700) == 0) {
        return true;
    }
    struct stat state {};
    return ::lstat(folder.c_str(), &state) == 0 && S_ISDIR(state.st_mode) && state.st_uid == ::geteuid()
           && (state.st_mode & 077) == 0;
}

std::vector<fs::path> short_bases() {
    std::vector<fs::path> bases;
    for (const char* variable : {"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"}) {
        const char* base = std::getenv(variable);
        if (base != nullptr && base[0] == '/') {
            bases.emplace_back(base);
        }
    }
    bases.emplace_back("/tmp");
    return bases;
}

void write_pointer(const fs::path& data, const fs::path& socket) {
    const fs::path file = data / pointer_name;
    ::unlink(file.c_str());
    std::ofstream out(file);
    out << socket.native() << '\n';
    out.close();
    if (!out || ::chmod(file.c_str(), 0600) != 0) {
        throw error(error_code::internal, "can't write " + file.string() + ", which names the admin socket");
    }
}

}  // namespace

fs::path choose_admin_place(const fs::path& data) {
    const fs::path real = real_path(data);
    if (fs::path within = real / socket_name; fits(within)) {
        ::unlink((real / pointer_name).c_str());
        return within;
    }
    const std::string name = "kith-" + hex(sha256(real.native())).substr(0, hash_digits);
    for (const fs::path& base : short_bases()) {
        const fs::path folder = base / name;
        if (fs::path socket = folder / socket_name; fits(socket) && own_folder(folder)) {
            write_pointer(real, socket);
            return socket;
        }
    }
    throw error(error_code::internal,
                "the path of the data folder " + real.string()
                    + " is too long for the admin socket, and /tmp/" + name
                    + " is not to be had; set XDG_RUNTIME_DIR to a folder of the user that runs kith");
}

fs::path find_admin_place(const fs::path& data) {
    const fs::path real = real_path(data);
    if (fs::path within = real / socket_name; fits(within)) {
        return within;
    }
    std::ifstream in(real / pointer_name);
    std::string line;
    std::getline(in, line);
    return fits(line) ? fs::path(line) : fs::path();
}

void remove_admin_place(const fs::path& data, const fs::path& socket) noexcept {
    std::error_code ignored;
    ::unlink(socket.c_str());
    const fs::path real = fs::canonical(data, ignored);
    if (!ignored && socket.parent_path() != real) {
        ::rmdir(socket.parent_path().c_str());
        ::unlink((real / pointer_name).c_str());
    }
}

}  // namespace kith

// Where the database of a configuration is: the file in the data folder, or one on a server.
#include "store_place.hpp"

#include <kith/core/error.hpp>
#include <kith/journal.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace kith {

namespace {

constexpr std::string_view database_file = "kith.db";
/// A job costs a round trip or more on a server, and a commit as much as a dozen of them: batches take longer.
constexpr std::chrono::milliseconds server_batch_time{25};

/// The whole file but for the line's end that an editor adds.
std::string password_in(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        throw error(error_code::internal,
                    "database.password_file: " + file.string() + " can't be read: " + std::strerror(errno));
    }
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    while (text.ends_with('\n') || text.ends_with('\r')) {
        text.pop_back();
    }
    return text;
}

db::server_options server_of(const config::database_section& settings) {
    db::server_options server(settings.url.value());
    server.password =
        settings.password_file.empty() ? settings.password : password_in(settings.password_file);
    server.tls = settings.tls == "verify" || (settings.tls == "auto" && !server.where.is_local());
    server.tls_ca = settings.tls_ca.string();
    return server;
}

}  // namespace

db::options store_place(const config& settings) {
    db::options place;
    place.path = (settings.data.dir / database_file).string();
    place.mark_copy = journal::mark_copy;
    if (settings.database.url) {
        place.server = server_of(settings.database);
        place.batch_time = server_batch_time;
    }
    return place;
}

}  // namespace kith

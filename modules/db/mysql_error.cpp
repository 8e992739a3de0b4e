// What a MariaDB or MySQL server, or the way to it, reported.
#include "mysql_error.hpp"

#include "store_state.hpp"

#include <errmsg.h>
#include <mysqld_error.h>

#include <string_view>

namespace kith::db {
namespace {

// Of MySQL 8 alone, or not in every version of the header.
constexpr unsigned mysql_query_timeout = 3024;
constexpr unsigned connection_killed = 1927;
constexpr unsigned checked_read =
    1020;  // ER_CHECKREAD: with innodb_snapshot_isolation a row that another has changed

const mysql_error* error_in(const std::exception_ptr& failed) noexcept {
    if (!failed) {
        return nullptr;
    }
    try {
        std::rethrow_exception(failed);
    } catch (const mysql_error& e) {
        return &e;  // `failed` keeps it alive
    } catch (...) {
        return nullptr;
    }
}

}  // namespace

bool mysql_error::is_lost() const noexcept {
    switch (code_) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_HANDSHAKE_ERR:
    case CR_SSL_CONNECTION_ERROR:
    case CR_MALFORMED_PACKET:
    case CR_COMMANDS_OUT_OF_SYNC:
    case CR_STMT_CLOSED:
    case CR_SERVER_LOST_EXTENDED:
    case CR_ERR_NET_READ:
    case CR_ERR_NET_WRITE:
    case ER_CON_COUNT_ERROR:
    case ER_SERVER_SHUTDOWN:
    case ER_NORMAL_SHUTDOWN:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
    case connection_killed: return true;
    default: return false;
    }
}

bool mysql_error::is_contention() const noexcept {
    return code_ == ER_LOCK_DEADLOCK || code_ == ER_LOCK_WAIT_TIMEOUT || code_ == checked_read;
}

bool mysql_error::is_duplicate() const noexcept {
    return code_ == ER_DUP_ENTRY || code_ == ER_DUP_KEY;
}

bool mysql_error::says(std::string_view words) const noexcept {
    return std::string_view(what()).find(words) != std::string_view::npos;
}

bool mysql_error::is_full() const noexcept {
    switch (code_) {
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL: return true;
    case ER_CANT_CREATE_FILE:
    case ER_CANT_CREATE_TABLE:
    case ER_ERROR_ON_WRITE:
    case ER_ERROR_ON_CLOSE:
    case ER_GET_ERRNO:
        // These have many causes; the words of the system, or of the server for its own number 135, stand in the text.
        return says("No space left on device") || says("No more room in record file");
    default: return false;
    }
}

std::exception_ptr mysql_error::as_seen() const {
    if (is_lost()) {
        return server_is_away();
    }
    if (is_contention()) {
        return overloaded("another program holds the database");
    }
    if (is_full()) {
        return no_space();
    }
    if (code_ == statement_timeout_code || code_ == mysql_query_timeout) {
        return overloaded("the read took too long");
    }
    return nullptr;
}

unsigned mysql_code(const std::exception_ptr& failed) noexcept {
    const mysql_error* const found = error_in(failed);
    return found == nullptr ? 0 : found->code();
}

bool is_lost(const std::exception_ptr& failed) noexcept {
    const mysql_error* const found = error_in(failed);
    return found != nullptr && found->is_lost();
}

bool is_contention(const std::exception_ptr& failed) noexcept {
    const mysql_error* const found = error_in(failed);
    return found != nullptr && found->is_contention();
}

}  // namespace kith::db

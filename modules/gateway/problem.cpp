// What a failed request is told: problem+json for HTTP (RFC 9457), the `error` member for a socket.
#include "problem.hpp"

#include <kith/core/json.hpp>
#include <kith/core/log.hpp>

#include <array>
#include <exception>
#include <new>

namespace kith::gateway {
namespace {

struct code_row {
    error_code code;
    int status;
};
constexpr std::array<code_row, 12> code_rows{{
    {error_code::invalid, 400},
    {error_code::unauthenticated, 401},
    {error_code::forbidden, 403},
    {error_code::not_found, 404},
    {error_code::conflict, 409},
    {error_code::gone, 410},
    {error_code::too_large, 413},
    {error_code::too_many_requests, 429},
    {error_code::internal, 500},
    {error_code::overloaded, 503},
    {error_code::storage_full, 503},
    {error_code::outcome_unknown, 503},
}};

constexpr std::string_view internal_detail =
    "something went wrong here; the server's log tells more under this request's id";

void write_pointers(std::string& out, const std::vector<error_detail>& pointers) {
    if (pointers.empty()) {
        return;
    }
    out += ",\"errors\":[";
    for (std::size_t i = 0; i < pointers.size(); ++i) {
        out += i == 0 ? "{\"pointer\":" : ",{\"pointer\":";
        json::write_string(out, pointers[i].pointer);
        out += ",\"detail\":";
        json::write_string(out, pointers[i].detail);
        out += '}';
    }
    out += ']';
}

failure surprise(logger& log, const std::string& request_id, std::string_view operation,
                 std::string_view text) {
    log.error("a request failed unexpectedly", {log_field("request", request_id),
                                                log_field("operation", operation), log_field("error", text)});
    failure made;
    made.code = error_code::internal;
    made.detail = internal_detail;
    return made;
}

}  // namespace

int http_status(error_code code) noexcept {
    for (const code_row& row : code_rows) {
        if (row.code == code) {
            return row.status;
        }
    }
    return 500;
}

error_code code_of_status(int status) noexcept {
    for (const code_row& row : code_rows) {
        if (row.status == status) {
            return row.code;
        }
    }
    // 405, 415, 421, 501 and their like tell of a request that cannot be served as it is.
    return error_code::invalid;
}

std::string_view status_title(int status) noexcept {
    switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 507: return "Insufficient Storage";
    default: return "Error";
    }
}

failure to_failure(const std::exception_ptr& thrown, logger& log, const std::string& request_id,
                   std::string_view operation) {
    try {
        std::rethrow_exception(thrown);
    } catch (const error& known) {
        if (known.code() == error_code::internal) {
            return surprise(log, request_id, operation, known.what());
        }
        failure made;
        made.code = known.code();
        made.detail = known.what();
        made.pointers = known.pointers();
        made.retry_after = known.retry_after();
        return made;
    } catch (const std::exception& unknown) {
        return surprise(log, request_id, operation, unknown.what());
    } catch (...) {
        return surprise(log, request_id, operation, "an exception of no known type");
    }
}

std::string problem_text(int status, const failure& what, const std::string& request_id) {
    std::string out = "{\"type\":\"about:blank\",\"title\":";
    json::write_string(out, status_title(status));
    out += ",\"status\":" + std::to_string(status) + ",\"code\":";
    json::write_string(out, name(what.code));
    out += ",\"detail\":";
    json::write_string(out, what.detail);
    write_pointers(out, what.pointers);
    out += ",\"request_id\":";
    json::write_string(out, request_id);
    out += '}';
    return out;
}

std::string problem_text(const failure& what, const std::string& request_id) {
    return problem_text(http_status(what.code), what, request_id);
}

std::string error_text(const failure& what) {
    std::string out = "{\"code\":";
    json::write_string(out, name(what.code));
    out += ",\"detail\":";
    json::write_string(out, what.detail);
    write_pointers(out, what.pointers);
    if (what.retry_after.count() > 0) {
        out += ",\"retry_after_ms\":" + std::to_string(what.retry_after.count());
    }
    out += '}';
    return out;
}

std::string retry_after_text(int status, std::chrono::milliseconds wait) {
    if (status != 429 && status != 503) {
        return {};
    }
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return std::to_string(std::max<std::int64_t>(seconds, 1));
}

}  // namespace kith::gateway

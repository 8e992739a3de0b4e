// Log lines by spdlog's asynchronous queue, plain or JSON, with every value escaped.
#include <kith/core/log.hpp>

#include <spdlog/async.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdio>

namespace kith {

namespace {

constexpr std::size_t queue_lines = 8192;

spdlog::level::level_enum to_spdlog(log_level level) {
    constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                spdlog::level::err};
    return levels.at(static_cast<std::size_t>(level));
}

/// Appends `text` between quotes as a JSON string; controls (also C1 as bytes of UTF-8 stay as they are) cannot get out.
void quote(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            std::array<char, 8> code{};
            std::snprintf(code.data(), code.size(), "\\u%04x", byte);
            out += code.data();
        } else {
            out += c;
        }
    }
    out += '"';
}

bool needs_quotes(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7F || c == '"' || c == '=' || c == '\\') {
            return true;
        }
    }
    return text.empty();
}

std::string plain_line(std::string_view message, std::initializer_list<log_field> fields) {
    std::string line(message);
    for (const log_field& field : fields) {
        line.append(" ").append(field.name()).append("=");
        needs_quotes(field.value()) ? quote(line, field.value()) : void(line += field.value());
    }
    return line;
}

std::string json_line(std::string_view message, std::initializer_list<log_field> fields) {
    std::string line = "\"message\":";
    quote(line, message);
    for (const log_field& field : fields) {
        line += ',';
        quote(line, field.name());
        line += ':';
        field.number() ? void(line += field.value()) : quote(line, field.value());
    }
    return line;
}

class spdlog_logger final : public logger {
public:
    spdlog_logger(log_level level, log_format format)
        : format_(format), threads_(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1)) {
        auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
        lines_ = std::make_shared<spdlog::async_logger>("kith", std::move(sink), threads_,
                                                        spdlog::async_overflow_policy::overrun_oldest);
        lines_->set_level(to_spdlog(level));
        lines_->flush_on(spdlog::level::warn);
        lines_->set_pattern(format == log_format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                                       : "%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v",
                            spdlog::pattern_time_type::utc);
    }

    void write(log_level level, std::string_view message, std::initializer_list<log_field> fields) override {
        const spdlog::level::level_enum at = to_spdlog(level);
        if (lines_->should_log(at)) {
            const std::string line =
                format_ == log_format::json ? json_line(message, fields) : plain_line(message, fields);
            lines_->log(at, spdlog::string_view_t(line));
        }
    }
    void flush() override { lines_->flush(); }

private:
    log_format format_;
    std::shared_ptr<spdlog::details::thread_pool> threads_;
    std::shared_ptr<spdlog::async_logger> lines_;
};

class null_logger final : public logger {
public:
    void write(log_level, std::string_view, std::initializer_list<log_field>) override {}
    void flush() override {}
};

}  // namespace

std::unique_ptr<logger> make_logger(log_level level, log_format format) {
    return std::make_unique<spdlog_logger>(level, format);
}

std::unique_ptr<logger> make_null_logger() {
    return std::make_unique<null_logger>();
}

}  // namespace kith

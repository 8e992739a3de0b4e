// Requests of a socket: reading the envelope, starting the operation, answering by the socket's id.
#include "envelope.hpp"
#include "resume.hpp"
#include "socket_door.hpp"
#include "socket_session.hpp"

#include <kith/core/error.hpp>
#include <kith/core/log.hpp>
#include <kith/core/text.hpp>

namespace kith::gateway {

namespace {

/// A request on its way: what the operation needs must live as long as the operation.
struct socket_request {
    std::int64_t id = 0;
    const operation* op = nullptr;
    call context;
    task<std::string> work;
};

/// The envelope of a frame.
struct request_frame {
    std::int64_t id = 0;
    std::string type;
    std::optional<json::view> data;
};
BOOST_DESCRIBE_STRUCT(request_frame, (), (id, type, data))

task<void> run_request(socket_door& door, connection_id socket, std::unique_ptr<socket_request> request) {
    const socket_deps& deps = door.deps();
    std::string answer;
    std::exception_ptr thrown;
    try {
        const std::string data = co_await std::move(request->work);
        answer = answer_frame(request->id, data);
    } catch (...) {
        thrown = std::current_exception();
    }
    failure failed;
    if (thrown) {
        failed = to_failure(thrown, deps.log, request->context.request_id, request->op->spec.name);
        answer = encode_text(refusal_text(request->id, error_text(failed)));
    }
    const std::shared_ptr<socket_session> back = door.find(socket);
    if (!back) {
        co_return;
    }
    if (failed.code == error_code::outcome_unknown && thrown) {
        // No answer is the honest answer: the client repeats the request with the same key.
        back->end(close_code::fault, "outcome unknown", true);
        back->request_done({});
        co_return;
    }
    back->request_done(std::move(answer));
}

/// Kind and name in one text. Throws `invalid`.
std::string described(const hello_device& device) {
    const std::size_t length = code_points(device.name);
    if (length < 1 || length > device_name_code_points_max || has_controls(device.name)) {
        throw invalid_field("/device/name", "1 to 64 characters without control characters");
    }
    return std::string(boost::describe::enum_to_string(device.kind, "")) + " " + device.name;
}

}  // namespace

void socket_session::on_text(std::string_view message) {
    if (ending_ || !within_frame_rate()) {
        return;
    }
    request_frame frame;
    std::optional<std::int64_t> id;
    try {
        const json::view parsed = json::document(message).root();
        if (const std::optional<json::view> given = parsed.find("id")) {
            id = given->integer();
        }
        if (!id) {
            end(close_code::policy, "a frame is an object with an integer id", false);
            return;
        }
        frame = json::decode<request_frame>(parsed);
    } catch (const error& wrong) {
        if (id) {
            refuse(*id, wrong);
        } else {
            end(close_code::policy, "this is not JSON as expected", false);
        }
        return;
    }
    static const json::value no_data = json::value::object();
    const json::view data = frame.data ? *frame.data : json::view(no_data);
    if (!who_.user) {
        frame.type == "hello" ? begin_hello(frame.id, data)
                              : end(close_code::policy, "hello comes first", false);
        return;
    }
    begin_request(frame.id, frame.type, data);
}

void socket_session::begin_hello(std::int64_t id, const json::view& data) {
    try {
        hello_input hello = json::decode<hello_input>(data);
        set_principal(door_.deps().sessions.authenticate(hello.token));
        if (hello.device) {
            about.device = described(*hello.device);
        }
        ++in_flight_;
        door_.deps().tasks.spawn("hello", run_hello(door_, about.id, id, std::move(hello.since)));
    } catch (const error& why) {
        refuse(id, why);
        const bool token = why.code() == error_code::unauthenticated;
        end(token ? close_code::token_over : close_code::policy, "hello was refused", false);
    }
}

void socket_session::begin_request(std::int64_t id, std::string_view type, const json::view& data) {
    if (type == "hello") {
        refuse(id, error(error_code::conflict, "this socket has said hello already"));
        return;
    }
    if (type == "auth.renew") {
        renew(id, data);
        return;
    }
    const operation* op = door_.deps().table.find(type);
    if (op == nullptr || op->spec.doors == doors::http) {
        refuse(id, error(error_code::not_found, "there is no operation of this type"));
        return;
    }
    if (in_flight_ >= requests_max) {
        error busy(error_code::too_many_requests,
                   std::to_string(requests_max) + " requests are under way already");
        busy.retry_after(std::chrono::milliseconds(100));
        refuse(id, busy);
        return;
    }
    auto request = std::make_unique<socket_request>();
    request->id = id;
    request->op = op;
    request->context.who = who_;
    request->context.address = about.address;
    request->context.user_agent = user_agent_;
    request->context.over_socket = true;
    request->context.request_id = to_string(about.id) + "-" + std::to_string(++requests_);
    try {
        request->work = door_.deps().operations.run(*op, request->context, data);
    } catch (...) {
        const failure failed = to_failure(std::current_exception(), door_.deps().log,
                                          request->context.request_id, op->spec.name);
        send_text(refusal_text(id, error_text(failed)), frame_kind::answer);
        return;
    }
    ++in_flight_;
    door_.deps().tasks.spawn(op->spec.name, run_request(door_, about.id, std::move(request)));
}

void socket_session::renew(std::int64_t id, const json::view& data) {
    try {
        const renew_input renewal = json::decode<renew_input>(data);
        const principal renewed = door_.deps().sessions.authenticate(renewal.access_token);
        if (renewed.user != who_.user || renewed.session != who_.session) {
            throw error(error_code::forbidden, "this token belongs to another session");
        }
        set_principal(renewed);
        renew_output out;
        out.expires_in =
            std::chrono::duration_cast<std::chrono::seconds>(renewed.expires_at - door_.deps().clock.now())
                .count();
        send_text(answer_text(id, json::text(out)), frame_kind::answer);
    } catch (const error& why) {
        refuse(id, why);
    }
}

void socket_session::request_done(std::string answer) {
    if (in_flight_ > 0) {
        --in_flight_;
    }
    if (!answer.empty()) {
        push(encoded_frame(std::move(answer)), frame_kind::answer);
    }
    if (ending_ && !goodbye_ && !closed_ && in_flight_ == 0) {
        say_goodbye();
    }
}

void socket_session::refuse(std::int64_t id, const error& why) {
    failure failed;
    failed.code = why.code();
    failed.detail = why.what();
    failed.pointers = why.pointers();
    failed.retry_after = why.retry_after();
    send_text(refusal_text(id, error_text(failed)), frame_kind::answer);
}

}  // namespace kith::gateway

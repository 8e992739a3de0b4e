// The user agent of a session; the session list names it
const auto b = request["User-Agent"];
const auto agent = navigator.userAgent;
const char* home = "/home/kith/data";
const char* url = "https://example.org/work/root/home/x/";
const char* route = "/api/v1/work/";

// The HTTP door
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <unistd.h>

// The program's beginning
#include <boost/beast/websocket.hpp>

// Passwords by Argon2id
#include <sodium.h>

/** Frames of the socket, read and written */

/*
 * The console socket: the runtime makes the pseudo terminal inside the container and sends its master to us.
 * @source oci-runtime-cli --console-socket
 */
#ifndef TLAB_CONSOLE_H
#define TLAB_CONSOLE_H
#include "streams.h"

bool console_listen(struct stdio *stdio, const char *sockets);
/* Takes the master from the connection that the runtime has made by now. */
bool console_receive(struct stdio *stdio);
void console_unlisten(struct stdio *stdio);

#endif

"""An SMTP server for the tests.

The first line that it writes is its port; then comes one line of JSON for each message. Receivers
named `full` are refused for now, those named `gone` for good. It ends when its input does.
"""

import asyncio
import email
import email.policy
import json
import sys

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError as error:
    sys.exit(f"{error}: install the Debian package `python3-aiosmtpd`")


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("full@"):
            return "451 4.2.2 the mailbox is full"
        if address.startswith("gone@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        received = {
            "sender": envelope.mail_from,
            "receivers": envelope.rcpt_tos,
            "login": session.auth_data,
            "headers": message.keys(),
            "to": message["to"],
            "subject": message["subject"],
            "body": message.get_content(),
        }
        print(json.dumps(received), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, login):
    good = login.login == b"shop" and login.password == b"secret"
    return AuthResult(success=good, handled=False, auth_data=login.login.decode())


def session():
    return SMTP(
        Handler(),
        authenticator=authenticate,
        auth_require_tls=False,
        enable_SMTPUTF8=True,
    )


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())

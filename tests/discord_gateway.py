"""The fake Discord's gateway: sessions that outlive their connection for a while, and replay what it missed.

Each session is told each event in its own way when it happens: by its intents and by what its bot may see then.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from typing import TYPE_CHECKING, Any

import discord_shapes as shapes
from aiohttp import WSCloseCode, WSMsgType, web
from discord_permissions import in_channel
from discord_world import Event, Json, Viewer

if TYPE_CHECKING:
    from discord_fake import FakeDiscord

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    0,
    1,
    2,
    3,
    6,
    7,
    8,
    9,
    10,
    11,
)
GUILDS, GUILD_MEMBERS, MESSAGES, REACTIONS, MESSAGE_CONTENT = 1 << 0, 1 << 1, 1 << 9, 1 << 10, 1 << 15
PRIVILEGED = GUILD_MEMBERS | 1 << 8 | MESSAGE_CONTENT
KNOWN = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25

INTENTS = {
    "MESSAGE_CREATE": MESSAGES,
    "MESSAGE_UPDATE": MESSAGES,
    "MESSAGE_DELETE": MESSAGES,
    "MESSAGE_DELETE_BULK": MESSAGES,
    "MESSAGE_REACTION_ADD": REACTIONS,
    "MESSAGE_REACTION_REMOVE": REACTIONS,
    "MESSAGE_REACTION_REMOVE_ALL": REACTIONS,
    "MESSAGE_REACTION_REMOVE_EMOJI": REACTIONS,
    "GUILD_MEMBER_ADD": GUILD_MEMBERS,
    "GUILD_MEMBER_UPDATE": GUILD_MEMBERS,
    "GUILD_MEMBER_REMOVE": GUILD_MEMBERS,
    "THREAD_MEMBERS_UPDATE": GUILD_MEMBERS,
    "INTERACTION_CREATE": 0,
}
"""What an event needs (docs/events/gateway#list-of-intents); all the others need GUILDS."""


class Session:
    def __init__(self, key: str, user: int, intents: int, buffered: int) -> None:
        self.id = key
        self.intents = intents
        self.viewer = Viewer(user, content=bool(intents & MESSAGE_CONTENT))
        self.sequence = 0
        self.buffer: deque[tuple[int, str]] = deque(maxlen=buffered)
        self.connection: Connection | None = None
        self.left_at = 0.0

    def dispatch(self, name: str, data: Json) -> None:
        self.sequence += 1
        text = json.dumps({"op": DISPATCH, "t": name, "s": self.sequence, "d": data})
        self.buffer.append((self.sequence, text))
        if self.connection is not None:
            self.connection.send(text)

    def concerns(self, event: Event) -> bool:
        """Whether its intents ask for this, and its bot may see where it happened."""
        me = event.guild.members.get(self.viewer.user)
        mine = event.only == self.viewer.user
        needed = INTENTS.get(event.name, GUILDS)
        if event.only is not None and not mine and event.name != "THREAD_MEMBERS_UPDATE":
            return False
        if me is None or (needed and not self.intents & needed and not mine):
            return False
        return event.channel is None or bool(in_channel(me, event.channel))


class Connection:
    """One socket. What is sent to it waits in a queue, so that telling of a change waits for nobody."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self._request = request
        self.socket = socket
        self._deflate = zlib.compressobj() if compressed else None
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self.silent = False
        self.session: Session | None = None

    def send(self, frame: str | int) -> None:
        """A text, or a close code."""
        self._queue.put_nowait(frame)

    def send_op(self, op: int, data: Any = None) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()

    async def pump(self) -> None:
        while True:
            frame = await self._queue.get()
            if self.silent:
                continue
            if isinstance(frame, int):
                await self.socket.close(code=frame)
                return
            if self._deflate is None:
                await self.socket.send_str(frame)
            else:
                data = self._deflate.compress(frame.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                await self.socket.send_bytes(data)


class Gateway:
    def __init__(self, discord: FakeDiscord) -> None:
        self._discord = discord
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.identified = 0  # IDENTIFY costs one of a thousand a day
        self.resumed = 0
        self.close_next: int | None = None  # the code with which the next IDENTIFY is turned away

    def tell(self, event: Event) -> None:
        for session in self.sessions.values():
            if session.concerns(event):
                session.dispatch(event.name, event.shape(session.viewer))

    def reconnect(self) -> None:
        """Op 7: the client is asked to come back and resume."""
        for each in self.connections:
            each.send_op(RECONNECT)

    def abort(self) -> None:
        """Cut every connection; the sessions can be resumed."""
        for each in list(self.connections):
            each.abort()
            self._left(each)

    def close(self, code: int = 4000) -> None:
        for each in self.connections:
            each.send(code)

    def silence(self) -> None:
        """Half-open: the connections stay and nothing more comes over them, no heartbeat's answer either."""
        for each in self.connections:
            each.silent = True

    def lose_sessions(self) -> None:
        """Forget every session and cut the connections: a RESUME is answered with op 9."""
        self.sessions.clear()
        self.abort()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self._discord.faults.down and request.transport is not None:
            request.transport.abort()
        socket = web.WebSocketResponse(compress=False, max_msg_size=4096 * 16)
        await socket.prepare(request)
        connection = Connection(request, socket, compressed=request.query.get("compress") == "zlib-stream")
        self.connections.add(connection)
        pump = asyncio.create_task(connection.pump())
        try:
            connection.send_op(HELLO, {"heartbeat_interval": int(self._discord.windows.heartbeat * 1000)})
            async for message in socket:
                if message.type == WSMsgType.TEXT and not connection.silent:
                    self._receive(connection, json.loads(message.data))
        except ConnectionError:
            pass  # an aborted connection
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            self._left(connection)
        return socket

    def _left(self, connection: Connection) -> None:
        self.connections.discard(connection)
        session = connection.session
        if session is None or session.connection is not connection:
            return
        session.connection, session.left_at = None, self._discord.clock.time()
        if connection.socket.close_code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY):
            self.sessions.pop(session.id, None)  # who says goodbye has no session left: docs/events/gateway

    def _receive(self, connection: Connection, frame: Json) -> None:
        data: Any = frame.get("d")
        match frame["op"]:
            case 1:
                connection.send_op(ACK)
            case 2:
                self._identify(connection, data)
            case 6:
                self._resume(connection, data)
            case 8:
                self._members(connection, data)
            case 3 | 4:
                pass
            case _:
                connection.send(4001)

    def _identify(self, connection: Connection, data: Json) -> None:
        bot = self._discord.bot
        intents = int(data["intents"])
        wrong = [
            (4004, data["token"] != bot.token),
            (4013, intents & ~KNOWN),
            (4014, intents & PRIVILEGED & ~bot.privileged),
        ]
        turned_away = self.close_next or next((code for code, is_wrong in wrong if is_wrong), None)
        self.close_next = None
        if turned_away is not None:
            connection.send(turned_away)
            return
        self.identified += 1
        session = Session(f"session-{self.identified}", bot.user.id, intents, self._discord.windows.replayed)
        self.sessions[session.id] = session
        session.connection, connection.session = connection, session
        guilds = [each for each in self._discord.world.guilds.values() if bot.user.id in each.members]
        ready: Json = {
            "v": 10,
            "user": shapes.user(bot.user) | {"mfa_enabled": False, "verified": True, "email": None},
            "guilds": [{"id": str(each.id), "unavailable": True} for each in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._discord.gateway_url,
            "application": {"id": str(bot.application_id), "flags": bot.application_flags()},
        }
        session.dispatch("READY", ready | ({"shard": data["shard"]} if "shard" in data else {}))
        for each in guilds:
            members = bool(intents & GUILD_MEMBERS)
            session.dispatch("GUILD_CREATE", shapes.guild_create(each, session.viewer, all_members=members))

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self.sessions.get(data["session_id"])
        seen = int(data["seq"])
        now = self._discord.clock.time()
        expired = session and session.connection is None and now - session.left_at > self._discord.windows.session
        if session is None or expired or (session.buffer and seen < session.buffer[0][0] - 1):
            self.sessions.pop(data["session_id"], None)
            connection.send_op(INVALID, False)
            return
        self.resumed += 1
        session.connection, connection.session = connection, session
        for sequence, text in list(session.buffer):
            if sequence > seen:
                connection.send(text)
        session.dispatch("RESUMED", {})

    def _members(self, connection: Connection, data: Json) -> None:
        """Op 8: who is asked for by id or by the start of a name."""
        if (session := connection.session) is None:
            return
        guild = self._discord.world.guilds[int(data["guild_id"])]
        ids = {int(each) for each in data.get("user_ids", [])}
        start = data.get("query")
        found = [
            each
            for each in guild.members.values()
            if each.user.id in ids or (start is not None and each.user.name.lower().startswith(start.lower()))
        ]
        chunk: Json = {"guild_id": str(guild.id), "chunk_index": 0, "chunk_count": 1, "not_found": []}
        members = [shapes.member(each) for each in found[: data.get("limit") or None]]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk | {"members": members, "nonce": data.get("nonce")})

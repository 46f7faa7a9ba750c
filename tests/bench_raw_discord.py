"""The baseline: a discord.py bot as its documentation writes them, which edits one message and keeps nothing.

`python bench_raw_discord.py API GATEWAY TOKEN CHANNEL`: sends the message that every reaction in its channel edits.
Prints its id, and with that that it is ready.
"""

from __future__ import annotations

import asyncio
import sys

import discord
import discord.gateway
import discord.http
import yarl


class RawBot(discord.Client):
    def __init__(self, channel: int) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True)
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.place = channel
        self.edits = 0
        self.board: discord.Message | None = None

    async def on_ready(self) -> None:
        channel = self.get_channel(self.place)
        assert isinstance(channel, discord.TextChannel)
        self.board = await channel.send("the board")
        print(self.board.id, flush=True)

    async def on_raw_reaction_add(self, told: discord.RawReactionActionEvent) -> None:
        if self.board is not None and told.channel_id == self.place and self.user and told.user_id != self.user.id:
            self.edits += 1
            await self.board.edit(content=f"the board, {self.edits}")


def main(api: str, gateway: str, token: str, channel: str) -> None:
    discord.http.Route.BASE = api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    asyncio.run(RawBot(int(channel)).start(token))


if __name__ == "__main__":
    main(*sys.argv[1:5])

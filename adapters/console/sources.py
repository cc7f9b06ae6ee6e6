"""tenor sources: the sources of applications, for trials."""

from typing import Annotated

import typer

from adapters.console.terminal import talk


def sources(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where they answer; 0: any that is free.")] = 8720,
    host: Annotated[str, typer.Option(help="The address they listen on.")] = "127.0.0.1",
    latency: Annotated[float, typer.Option(min=0, max=60, help="Seconds that each answer takes.")] = 0.0,
    faults: Annotated[int, typer.Option(min=0, max=100, help="Percent of the questions without an answer.")] = 0,
) -> None:
    """Run bureau, income service, lists and device check for trials: made-up answers over HTTP."""
    import uvloop

    from adapters.http.server import listen, serve_stand_in
    from adapters.sources.server import make_sources
    from adapters.stopping import told_to_stop

    async def run() -> None:
        await serve_stand_in(make_sources(latency, faults), listener, told_to_stop())

    listener = listen(host, port)
    talk.print(f"the sources answer on http://{host}:{listener.getsockname()[1]}/bureau and so on")
    uvloop.run(run())

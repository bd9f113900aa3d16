"""hours: windows of nodes in a gateway's config, for all of them, changed while it runs."""
import datetime
import signal

from .process import wait_until

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
ALWAYS = "00:00-24:00"


def far_off():
    """Hours of the week that are three days from now."""
    return f"{DAYS[(datetime.datetime.now(datetime.timezone.utc).weekday() + 3) % 7]} 12:00-13:00"


def write_hours(folder, window, **more):
    """`more`: further settings of the group, such as apply_window."""
    (folder / "conf.d").mkdir(exist_ok=True)
    words = "".join(f' {name} = "{value}";' for name, value in ({"window": window} | more).items())
    (folder / "conf.d" / "hours.cfg").write_text(
        'labels: { nodes = ( { match = [ "*" ]; labels = [ "all" ]; } ); };\n'
        f'update_windows: {{ list = ( {{ labels = [ "all" ];{words} }} ); }};\n')


def change_hours(gateway, window, **more):
    reloads = gateway.process.output().count("config.reloaded")
    write_hours(gateway.folder, window, **more)
    gateway.process.signal(signal.SIGHUP)
    wait_until("the config is read", lambda: gateway.process.output().count("config.reloaded") > reloads, 120)

#!/usr/bin/env python3
"""zigpy_host: drives a Zigbee stick with zigpy; commands as lines of JSON on standard input, answers as lines of JSON.

Usage: zigpy_host.py FOLDER PATH znp|ezsp
"""
import asyncio
import json
import logging
import os
import pathlib
import sys

import zigpy.config
import zigpy.state
import zigpy.types


def say(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)


def radio(name):
    if name == "znp":
        from zigpy_znp.zigbee.application import ControllerApplication
    else:
        from bellows.zigbee.application import ControllerApplication
    return ControllerApplication


class Listener:
    """What zigpy tells of nodes."""

    def device_joined(self, device):
        say("joined", eui64=str(device.ieee))

    def device_left(self, device):
        say("left", eui64=str(device.ieee))

    def device_initialized(self, device):
        endpoint = device.endpoints[1]
        say("interviewed", eui64=str(device.ieee), model=device.model, maker=device.manufacturer,
            servers=sorted(endpoint.in_clusters), clients=sorted(endpoint.out_clusters))
        for cluster in endpoint.in_clusters.values():
            cluster.on_event("attribute_report", self.reported)

    @staticmethod
    def reported(event):
        say("report", eui64=str(event.device_ieee), cluster=event.cluster_id, attribute=event.attribute_id,
            value=event.raw_value if event.raw_value is None else int(event.raw_value))


class Commands:
    def __init__(self, application):
        self.application = application

    def cluster(self, eui64, cluster):
        device = self.application.get_device(ieee=zigpy.types.EUI64.convert(eui64))
        return device.endpoints[1].in_clusters[cluster]

    async def permit(self, seconds):
        await self.application.permit(seconds)
        return {}

    async def read(self, eui64, cluster, attributes):
        values, _ = await self.cluster(eui64, cluster).read_attributes(attributes)
        return {"values": {str(int(name)): str(value) for name, value in values.items()}}

    async def reporting(self, eui64, cluster, attribute, least, most, change):
        await self.cluster(eui64, cluster).bind()
        await self.cluster(eui64, cluster).configure_reporting(attribute, least, most, change)
        return {}

    async def network(self):
        info = self.application.state.network_info
        return {"pan": int(info.pan_id), "channel": int(info.channel),
                "key": info.network_key.key.serialize().hex()}

    async def keys(self):
        """Of nodes, as zigpy reads them from the stick."""
        await self.application.load_network_info(load_devices=True)
        table = self.application.state.network_info.key_table
        return {"keys": [{"eui64": f"{int.from_bytes(key.partner_ieee.serialize(), 'little'):016x}",
                          "key": key.key.serialize().hex(), "tx": int(key.tx_counter), "rx": int(key.rx_counter)}
                         for key in table]}

    async def put_keys(self, keys):
        """Writes the network that the stick has anew, with these keys of nodes."""
        state = self.application.state
        state.network_info.key_table = [
            zigpy.state.Key(key=zigpy.types.KeyData(bytes.fromhex(key["key"])), tx_counter=key["tx"],
                            rx_counter=key["rx"], seq=0, partner_ieee=zigpy.types.EUI64(
                                int(key["eui64"], 16).to_bytes(8, "little")))
            for key in keys]
        await self.application.write_network_info(network_info=state.network_info, node_info=state.node_info)
        return {}

    async def quit(self):
        await self.application.shutdown()
        return {}


async def lines():
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def main():
    folder, path, front = sys.argv[1:]
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=os.environ.get("ZIGPY_LOG", "WARNING"), stream=sys.stderr)
    application_class = radio(front)
    config = {
        zigpy.config.CONF_DATABASE: str(pathlib.Path(folder) / "zigpy.db"),
        zigpy.config.CONF_DEVICE: {zigpy.config.CONF_DEVICE_PATH: path},
        zigpy.config.CONF_NWK: {"channel": 20, "pan_id": 0x1234},
        "backup_enabled": False, "topology_scan_enabled": False,
    }
    application = await application_class.new(config, auto_form=False, start_radio=False)
    application.add_listener(Listener())
    await application.startup(auto_form=True)
    say("started")
    commands = Commands(application)
    async for line in lines():
        command = line.pop("command")
        try:
            say(command, **await getattr(commands, command)(**line))
        except Exception as error:  # pylint: disable=broad-except
            say("failed", command=command, why=repr(error))
        if command == "quit":
            return


if __name__ == "__main__":
    asyncio.run(main())

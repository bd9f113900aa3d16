#!/usr/bin/env python3
"""serve_image: the fleet server's side of a firmware download in blocks over MQTT, as docs/mqtt.md describes it.

Publishes a manifest for one image, answers the gateway's requests for blocks and ends with the gateway's verdict:
exit code 0 if the image is there, 1 if it was refused. Needs paho-mqtt 2.

    serve_image.py --broker localhost:1883 --gateway site-7 --version 1.4.0 --hardware sensor-a app.signed.bin
"""
import argparse
import base64
import hashlib
import json
import pathlib
import queue
import sys

import paho.mqtt.client as mqtt

BLOCK_MAX = 256 * 1024  # no gateway asks for more


class ImageServer:
    def __init__(self, client, gateway, image):
        self.client, self.image = client, image
        self.sha256 = hashlib.sha256(image).hexdigest()
        self.topic = f"ota/{gateway}"
        self.served = 0
        self.results = queue.Queue()
        client.on_connect = self.on_connect
        client.on_message = self.on_message

    def on_connect(self, client, *_):
        client.subscribe([(f"{self.topic}/get", 1), (f"{self.topic}/result", 1)])

    def on_message(self, client, _, message):
        try:
            body = json.loads(message.payload)
        except ValueError:
            return
        if body.get("sha256") != self.sha256:
            return  # another image's
        if message.topic.endswith("/result"):
            self.results.put(body)
        else:
            self.answer(body.get("offset"), body.get("size"))

    def answer(self, offset, size):
        """The bytes asked for, on a topic that says which they are. Nothing says that there are none."""
        if type(offset) is not int or type(size) is not int or not 0 < size <= BLOCK_MAX or offset < 0:
            return
        block = self.image[offset:offset + size]
        self.served += len(block)
        self.client.publish(f"{self.topic}/block/{self.sha256[:16]}/{offset}", block, qos=1)

    def offer(self, manifest):
        """A gateway that is away now gets the manifest when it is back: it is retained."""
        document = {"size": len(self.image), "sha256": self.sha256, "uri": "mqtt:"} | manifest
        self.client.publish(self.topic, json.dumps(document), qos=1, retain=True)

    def withdraw(self):
        self.client.publish(self.topic, b"", qos=1, retain=True).wait_for_publish(10)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image", type=pathlib.Path)
    parser.add_argument("--broker", default="localhost:1883", metavar="HOST[:PORT]")
    parser.add_argument("--ca", help="certificates to trust: speaks TLS")
    parser.add_argument("--gateway", required=True, help="the gateway's id")
    parser.add_argument("--version", required=True)
    parser.add_argument("--hardware", required=True)
    parser.add_argument("--format", choices=["mcuboot", "esp-idf", "zigbee-ota", "raw"])
    parser.add_argument("--signature", type=pathlib.Path, help="a detached signature, as wakegate image sign makes it")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    server = ImageServer(client, arguments.gateway, arguments.image.read_bytes())
    manifest = {"version": arguments.version, "hardware": arguments.hardware, "name": arguments.image.name}
    if arguments.format:
        manifest["format"] = arguments.format
    if arguments.signature:
        manifest["signature"] = base64.b64encode(arguments.signature.read_bytes()).decode()
    if arguments.ca:
        client.tls_set(ca_certs=arguments.ca)
    host, _, port = arguments.broker.partition(":")
    client.connect(host, int(port or (8883 if arguments.ca else 1883)))
    client.loop_start()
    server.offer(manifest)
    while (result := server.results.get())["state"] not in ("complete", "failed"):
        print(f"{result['state']}: {server.sha256[:16]}", flush=True)
    server.withdraw()
    client.disconnect()
    client.loop_stop()
    print(f"{result['state']}: {result.get('message', server.sha256[:16])} ({server.served} bytes served)")
    return 0 if result["state"] == "complete" else 1


if __name__ == "__main__":
    sys.exit(main())

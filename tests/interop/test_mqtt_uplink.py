"""The MQTT uplink against mosquitto and nats-server, read by Paho's Python client."""
import json
import signal
import subprocess
import time

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from harness.broker import Broker
from harness.find import free_port, peer
from harness.process import Process, wait_until
from harness.uplink import Listener, UplinkHost

ENOTCONN, ENOBUFS, EMSGSIZE = -107, -105, -90


def plain_url(broker):
    return f"tcp://127.0.0.1:{broker.port}"


@pytest.fixture
def start_broker(tmp_path):
    """Starts brokers, and ends those that a test left, stopped or not."""
    started = []

    def start(extra="", port=None):
        """`port`: that of a listener in `extra`, instead of the plain one."""
        started.append(Broker(tmp_path, extra, plain=port is None))
        started[-1].port = port or started[-1].port
        return started[-1].start()

    yield start
    for broker in started:
        if broker.process and broker.process.running:
            broker.process.kill()


@pytest.fixture
def start_host():
    """Starts hosts, and ends those that a test left."""
    started = []

    def start(*brokers, **options):
        started.append(UplinkHost(*brokers, **options).start())
        return started[-1]

    yield start
    for host in started:
        if host.child.poll() is None:
            host.kill()


@pytest.fixture
def host(broker):
    running = UplinkHost(plain_url(broker)).start()
    yield running
    running.stop()


@pytest.fixture
def listener(broker):
    running = Listener(broker.port, ["#"])
    yield running
    running.close()


def test_a_publish_arrives_with_its_properties_and_is_told_as_delivered(host, listener):
    assert "mqtt 5" in host.wait("connected")["detail"]
    host.say('request 7 a/b {"x":1}')
    assert host.wait("published")["result"] == 0
    assert host.wait_delivered(7) == 0
    message = listener.take()
    assert (message.topic, message.payload, message.qos) == ("a/b", b'{"x":1}', 1)
    assert message.properties.ContentType == "application/json"
    assert message.properties.ResponseTopic == "answers/here"
    assert message.properties.CorrelationData == b"c-1"


def test_a_message_arrives_with_its_properties(broker, listener, start_host):
    host = start_host(plain_url(broker), subscribe="cmd/#")
    host.wait_subscribed()
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType, properties.ResponseTopic = "application/json", "r/1"
    listener.publish("cmd/host", '{"command":"ping"}', properties=properties)
    message = host.wait("message")
    assert (message["topic"], message["payload"]) == ("cmd/host", '{"command":"ping"}')
    assert (message["content_type"], message["response_topic"]) == ("application/json", "r/1")
    host.stop()


def test_publishes_of_a_megabyte_pass_and_longer_ones_are_refused(host, listener):
    host.wait("connected")
    assert host.publish(1, "big", f"@{1024 * 1024}") == 0
    assert host.wait_delivered(1) == 0
    assert len(listener.take().payload) == 1024 * 1024
    assert host.publish(2, "big", f"@{1024 * 1024 + 1}") == EMSGSIZE


def test_the_brokers_limits_hold(start_broker, start_host):
    broker = start_broker("max_inflight_messages 3\nmax_packet_size 20000\n")
    host = start_host(plain_url(broker))
    assert host.wait("connected")["window"] == 3
    assert host.publish(1, "big", "@30000") == EMSGSIZE
    broker.process.signal(signal.SIGSTOP)
    assert [host.publish(n, "t", "x") for n in range(2, 7)] == [0, 0, 0, ENOBUFS, ENOBUFS]
    broker.process.signal(signal.SIGCONT)
    assert [host.wait_delivered(n) for n in (2, 3, 4)] == [0, 0, 0]
    assert host.publish(7, "t", "x") == 0
    host.stop()


def test_the_last_will_stays_after_kill_9_and_not_after_a_goodbye(broker, start_host):
    host = start_host(plain_url(broker))
    host.wait("connected")
    assert host.publish(1, "status/host", "online", 1, 1) == 0
    assert host.wait_delivered(1) == 0
    host.kill()
    listener = Listener(broker.port, ["status/#"])
    message = listener.take()
    while message.payload == b"online":
        message = listener.take()
    assert json.loads(message.payload) == {"state": "lost"}
    listener.close()

    host.start().wait("connected")
    host.publish(2, "status/host", "stopped", 0, 1)
    host.stop()
    listener = Listener(broker.port, ["status/#"])
    message = listener.take()
    assert message.payload == b"stopped" and message.retain
    listener.close()


def test_a_broker_that_vanishes_in_the_middle_of_a_window_leaves_no_ticket_open(start_broker, start_host):
    broker = start_broker()
    host = start_host(plain_url(broker))
    host.wait("connected")
    broker.process.signal(signal.SIGSTOP)
    taken = [n for n in range(20) if host.publish(n, "t", "@100000") == 0]
    assert taken
    broker.process.kill()
    assert host.wait_all_delivered(taken) == dict.fromkeys(taken, ENOTCONN)
    host.wait("disconnected")
    assert host.publish(99, "t", "x") == ENOTCONN
    broker.start()
    host.wait("connected")
    assert host.publish(100, "t", "x") == 0
    assert host.wait_delivered(100) == 0
    host.stop()


def test_the_next_broker_takes_over_and_the_first_one_is_first_again(start_broker, start_host):
    first, second = start_broker(), start_broker()
    host = start_host(plain_url(first), plain_url(second))
    assert str(first.port) in host.wait("connected")["detail"]
    first.stop()
    assert str(second.port) in host.wait("connected", 15)["detail"]
    first.start()
    second.stop()
    assert str(first.port) in host.wait("connected", 15)["detail"]
    host.stop()
    first.stop()


def test_a_subscription_holds_after_a_reconnect(start_broker, start_host):
    broker = start_broker()
    host = start_host(plain_url(broker), subscribe="ota/+")
    host.wait("connected")
    broker.stop()
    host.wait("disconnected")
    broker.start()
    host.wait_subscribed()
    listener = Listener(broker.port, ["none"])
    listener.publish("ota/host", "hello")
    assert host.wait("message")["payload"] == "hello"
    listener.close()
    host.stop()


def test_credentials_are_sent_and_refused_ones_are_told(tmp_path, start_broker, start_host):
    passwords = tmp_path / "passwords"
    subprocess.run([peer("mosquitto_passwd"), "-b", "-c", passwords, "site", "right"], check=True)
    passwords.chmod(0o644)
    port = free_port()
    broker = start_broker(f"user root\nlistener {port} 127.0.0.1\nallow_anonymous false\n"
                          f"password_file {passwords}\n", port=port)
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    host = start_host(plain_url(broker), username="site", password_file=secret)
    line = host.wait("event")["line"]
    assert "mqtt.refused" in line and "ot authorized" in line
    secret.write_text("right\n")  # read at the next connect
    host.wait("connected")
    host.stop()


def test_a_missing_password_file_is_told(broker, tmp_path, start_host):
    host = start_host(plain_url(broker), username="site", password_file=tmp_path / "none")
    assert "No such file" in host.wait("event")["line"]
    host.stop()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_the_version_can_be_set(broker, protocol, start_host):
    host = start_host(plain_url(broker), protocol=protocol)
    assert host.wait("connected")["detail"].endswith(f"mqtt {protocol}")
    host.stop()


@pytest.fixture
def old_broker(tmp_path):
    """nats-server speaks MQTT 3.1.1 and nothing newer."""
    port = free_port()
    config = tmp_path / "nats.conf"
    config.write_text(f'server_name: "n"\nlisten: "127.0.0.1:{free_port()}"\n'
                      f'jetstream {{ store_dir: "{tmp_path}/nats" }}\nmqtt {{ listen: "127.0.0.1:{port}" }}\n')
    process = Process([peer("nats-server"), "-c", config], tmp_path / "nats.log")
    wait_until("nats-server is ready", lambda: "Server is ready" in process.output())
    yield port
    process.stop()


def test_a_broker_that_refuses_version_5_gets_3_1_1(old_broker, start_host):
    listener = Listener(old_broker, ["a/#"], version=mqtt.MQTTv311)
    host = start_host(f"tcp://127.0.0.1:{old_broker}", subscribe="cmd/#")
    assert "mqtt 3.1.1" in host.wait("connected")["detail"]
    host.wait_subscribed()
    assert host.publish(1, "a/b", "hello") == 0
    assert host.wait_delivered(1) == 0
    assert listener.take().payload == b"hello"
    listener.publish("cmd/x", "hi")
    assert host.wait("message")["payload"] == "hi"
    listener.close()
    host.stop()


def test_websockets_are_a_way_too(start_broker, start_host):
    port = free_port()
    broker = start_broker(f"listener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n")
    listener = Listener(broker.port, ["a/#"])
    host = start_host(f"ws://127.0.0.1:{port}")
    host.wait("connected")
    assert host.publish(1, "a/b", "@100000") == 0
    assert host.wait_delivered(1) == 0
    assert len(listener.take().payload) == 100000
    listener.close()
    host.stop()


def test_a_silent_broker_is_given_up_by_keepalive(start_broker, start_host):
    broker = start_broker()
    host = start_host(plain_url(broker))  # its keepalive is 5 s
    host.wait("connected")
    broker.process.signal(signal.SIGSTOP)
    started = time.monotonic()
    host.wait("disconnected", 30)
    assert time.monotonic() - started < 25
    broker.process.signal(signal.SIGCONT)
    host.wait("connected", 30)
    host.stop()


def test_closing_takes_at_most_a_second_even_if_the_broker_hangs(start_broker, start_host):
    broker = start_broker()
    host = start_host(plain_url(broker))
    host.wait("connected")
    broker.process.signal(signal.SIGSTOP)
    for n in range(20):
        host.publish(n, "t", "@1000000")
    host.say("quit")
    assert host.wait("closed")["took_ms"] <= 1000
    assert host.child.wait(60) == 0


def test_a_reload_connects_anew(host):
    host.wait("connected")
    host.say("reload")
    assert "settings changed" in host.wait("disconnected")["detail"]
    host.wait("connected")

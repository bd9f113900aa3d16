"""The CoAP driver on the wire: what is malformed, repeated, late or too much, and the node profile spoken by aiocoap."""
import asyncio
import json
import time

import aiocoap
import cbor2
import pytest

from harness.coap import CoapHost, Datagrams, make_image


@pytest.fixture
def host(tmp_path):
    running = CoapHost("--next", 77, "--offer", "n1", "--refuse", "bad", "--full", "much", "--block-size", 2,
                       image=make_image(tmp_path, 1000)).start()
    yield running
    running.stop()


def raw(text):
    """Bytes from hex and 'text'."""
    return b"".join(part.encode() if index % 2 else bytes.fromhex(part) for index, part in enumerate(text.split("'")))


# What is sent, what comes back (None: silence), and the counter that tells of it.
MALFORMED = {
    "nothing": ("", None, "ignored_not_coap"),
    "three bytes": ("400112", None, "ignored_not_coap"),
    "version 2": ("80011234", None, "ignored_not_coap"),
    "version 0": ("00011234", None, "ignored_not_coap"),
    "ping": ("40001234", "70001234", "reset_ping"),
    "empty NON": ("50001234", None, "ignored_empty"),
    "ACK of nothing": ("60001234", None, "ignored_empty"),
    "RST of nothing": ("70001234", None, "ignored_empty"),
    "token of 9": ("49011234'123456789'", "70001234", "reset_format_error"),
    "token of 15": ("4f011234'123456789012345'", "70001234", "reset_format_error"),
    "token cut": ("44011234'12'", "70001234", "reset_format_error"),
    "token of 9 in a NON": ("59011234'123456789'", None, "ignored_format_error"),
    "token of 9 in an ACK": ("69451234'123456789'", None, "ignored_format_error"),
    "option delta 15": ("40011234f0", "70001234", "reset_format_error"),
    "option length 15": ("400112341f", "70001234", "reset_format_error"),
    "option value cut": ("40011234b4'fw'", "70001234", "reset_format_error"),
    "option number over 65535": ("40011234e0ffff", "70001234", "reset_format_error"),
    "marker and no payload": ("40011234ff", "70001234", "reset_format_error"),
    "ping with a token": ("4100123401", "70001234", "reset_format_error"),
    "ping with a payload": ("40001234ff01", "70001234", "reset_format_error"),
    "code class 1": ("40211234", "70001234", "reset_format_error"),
    "code class 6": ("40c11234", "70001234", "reset_format_error"),
    "code class 7": ("40e11234", "70001234", "reset_format_error"),
    "request in an ACK": ("60011234", None, "ignored_format_error"),
    "request in a RST": ("70011234", None, "ignored_format_error"),
    "response in a CON": ("40451234", "70001234", "reset_response"),
    "response in a NON": ("50451234", None, "ignored_response"),
    "response in an ACK": ("60451234", None, "ignored_response"),
    "unknown critical option": ("410112340790", "6182123407", "refused_option"),
    "the same in a NON": ("510112340790", None, "ignored_option"),
    "Block2 with SZX 7": ("40011234b2'fw'c107", "60801234", "refused_block"),
    "Block1 with SZX 7": ("40021234b1't'd10307", "60801234", "refused_block"),
    "Block2 of four bytes": ("40011234b2'fw'c401020304", "60821234", "refused_option"),
    "two Accepts": ("40011234d104320132", "60821234", "refused_option"),
    "Proxy-Uri": ("40011234d316'x:y'", "60a51234", "refused_proxy"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_datagrams_get_what_the_standard_says(host, what):
    sent, answer, counter = MALFORMED[what]
    before = host.counters()
    line = Datagrams(host.port)
    got = line.ask(raw(sent), 0.2 if answer is None else 20)
    assert (got.hex() if got else None) == answer
    after = host.counters()
    assert after[f"udp_{counter}"] == before[f"udp_{counter}"] + 1
    assert line.ask(raw("40007777")) == raw("70007777"), "it serves on"
    line.close()


# Requests that are well-formed but not served, with the answer's code.
REFUSED = {
    "no such path": ("40011234b1'x'", "4.04"),
    "no path": ("40011234", "4.04"),
    "no such image": ("40011234b2'fw'0d03'0123456789abcdef'", "4.04"),
    "GET of a POST resource": ("40011234b1'c'", "4.05"),
    "DELETE": ("40041234b1't'", "4.05"),
    "FETCH": ("40051234b1't'", "4.05"),
    "method 31": ("401f1234b1't'", "4.05"),
    "no identity": ("40021234b1'c'", "4.00"),
    "unfit identity": ("40021234b1'c'46'ep=a b'", "4.00"),
    "plain text": ("40021234b1'c'1035'ep=n1'ff'x'", "4.15"),
    "payload without a format": ("40021234b1'c'45'ep=n1'ff'{}'", "4.15"),
    "answer wanted as text": ("40021234b1'c'45'ep=n1'20", "4.06"),
    "broken JSON": ("40021234b1'c'113235'ep=n1'ff'{'", "4.00"),
    "not accepted": ("40021234b1'c'46'ep=bad'", "4.03"),
    "no room for the node": ("40021234b1'c'47'ep=much'", "5.03"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refusals_have_their_codes(host, what):
    sent, code = REFUSED[what]
    line = Datagrams(host.port)
    answer = line.ask(raw(sent))
    assert f"{answer[1] >> 5}.{answer[1] & 31:02}" == code
    assert answer[2:4] == raw("1234")
    line.close()


def test_a_datagram_of_1500_bytes_is_too_large(host):
    line = Datagrams(host.port)
    answer = line.ask(raw("40021234b1't'ff") + b"x" * 1500)
    assert answer == raw("608d1234d22f0400")  # Size1: 1024
    line.close()


async def ask(request):
    context = await aiocoap.Context.create_client_context()
    response = await context.request(request).response
    await context.shutdown()
    return response


def post(host, path, payload, content_format, **options):
    request = aiocoap.Message(code=aiocoap.POST, uri=host.uri(path), payload=payload, content_format=content_format)
    for name, value in options.items():
        setattr(request.opt, name, value)
    return asyncio.run(ask(request))


def test_a_check_in_in_json_is_answered_in_json(host):
    said = {"hw": "board-a", "version": "1.0.0", "image": "00" * 8, "battery": 93, "rssi": -71}
    response = post(host, "c?ep=n1", json.dumps(said).encode(), 50)
    told = json.loads(response.payload)
    assert (response.code, response.opt.content_format) == (aiocoap.CHANGED, 50)
    assert told["next"] == 77
    assert told["update"]["uri"] == f"/fw/{host.name}"
    assert told["update"]["size"] == 1000
    assert told["update"]["sha256"].startswith(host.name)
    contact = host.wait("contact")
    assert (contact["node"], contact["hw"], contact["battery"], contact["rssi"]) == ("n1", "board-a", 93, -71)
    assert contact["image_size"] == 8 and not contact["proven"]


def test_a_check_in_in_cbor_is_answered_in_cbor(host):
    response = post(host, "c?ep=n2", cbor2.dumps({"version": "1.0.0", "image": b"12345678"}), 60)
    assert (response.code, response.opt.content_format) == (aiocoap.CHANGED, 60)
    assert cbor2.loads(response.payload) == {"next": 77}


def test_readings_in_json_and_cbor_are_kept(host):
    response = post(host, "t?ep=n3", b'[{"bn":"n3/","n":"temp","u":"Cel","v":21.5},{"n":"rh","v":40}]', 110)
    assert (response.code, json.loads(response.payload)) == (aiocoap.CHANGED, {"next": 77})
    report = host.wait("report")
    assert (report["node"], report["count"], report["name"], report["value"]) == ("n3", 2, "n3/temp", 21.5)
    response = post(host, "t?ep=n3", cbor2.dumps([{0: "temp", 2: -3.25}]), 112)
    assert (response.code, cbor2.loads(response.payload)) == (aiocoap.CHANGED, {"next": 77})
    assert host.wait("report")["value"] == -3.25


def test_the_answer_may_be_wanted_in_the_other_format(host):
    response = post(host, "t?ep=n3", cbor2.dumps([{0: "temp", 2: 1}]), 112, accept=50)
    assert json.loads(response.payload) == {"next": 77}


def test_a_status_is_taken(host):
    response = post(host, "s?ep=n1", json.dumps({"state": "failed", "code": -5, "offset": 512}).encode(), 50)
    assert (response.code, response.payload) == (aiocoap.CHANGED, b"")
    progress = host.wait("progress")
    assert (progress["node"], progress["code"], progress["offset"], progress["said"]) == ("n1", -5, 512, True)


def test_the_links_are_read_by_aiocoap_and_come_in_blocks(host):
    request = aiocoap.Message(code=aiocoap.GET, uri=host.uri(".well-known/core"))
    response = asyncio.run(ask(request))
    assert response.opt.content_format == 40
    assert b'</fw>;rt="wakegate.firmware";ct=42' in response.payload


def test_a_client_with_the_right_etag_gets_2_03(host):
    request = aiocoap.Message(code=aiocoap.GET, uri=host.uri(f"fw/{host.name}"))
    request.opt.etags = [b"other", bytes.fromhex(host.name)]
    response = asyncio.run(ask(request))
    assert (response.code, response.payload) == (aiocoap.VALID, b"")


def test_a_block_past_the_end_is_a_bad_request(host):
    request = aiocoap.Message(code=aiocoap.GET, uri=host.uri(f"fw/{host.name}"))
    request.opt.block2 = (1, False, 6)
    assert asyncio.run(ask(request)).code == aiocoap.BAD_REQUEST


READING = "b1't'116e35'ep=n4'ff'[{\"n\":\"a\",\"v\":1}]'"


def test_a_request_that_comes_again_is_done_once_and_answered_the_same(host):
    line = Datagrams(host.port)
    first = line.ask(raw("42021234abcd" + READING))
    assert line.ask(raw("42021234abcd" + READING)) == first
    assert line.ask(raw("42021235abcd" + READING)) != first
    counters = host.counters()
    assert (counters["reports"], counters["udp_repeated"]) == (2, 1)
    line.close()


def test_the_exchange_is_the_same_after_a_restart(host):
    line = Datagrams(host.port)
    line.ask(raw("42021234abcd" + READING))
    exchange = host.wait("report")["exchange"]
    host.restart()
    line.ask(raw("42021234abcd" + READING))
    assert host.wait("report")["exchange"] == exchange
    line.close()


def test_what_is_not_durable_in_time_is_acknowledged_and_answered_separately():
    host = CoapHost("--durable-after", 3000).start()
    line = Datagrams(host.port)
    begun = time.monotonic()
    assert line.ask(raw("42021234abcd" + READING)) == raw("60001234")
    assert 1.5 < time.monotonic() - begun < 2.9, "the empty ACK comes before the report is durable"
    answer = line.receive(20)
    assert (answer[0], answer[1], answer[4:6]) == (0x42, 0x44, raw("abcd"))  # CON 2.04 with the token
    assert line.receive(20) == answer, "it is repeated until it is acknowledged"
    line.send(raw("6000") + answer[2:4])
    assert host.counters()["udp_separate_repeated"] == 1
    time.sleep(0.3)
    assert host.counters()["udp_separate_lost"] == 0
    line.close()
    host.stop()


def test_what_is_durable_in_time_rides_on_the_ack():
    host = CoapHost("--durable-after", 1000).start()
    line = Datagrams(host.port)
    answer = line.ask(raw("42021234abcd" + READING))
    assert answer[:6] == raw("62441234abcd")
    line.close()
    host.stop()


def test_aiocoap_takes_a_separate_answer():
    host = CoapHost("--durable-after", 2500, "--next", 5).start()
    response = post(host, "t?ep=n3", cbor2.dumps([{0: "temp", 2: 1}]), 112)
    assert (response.code, cbor2.loads(response.payload)) == (aiocoap.CHANGED, {"next": 5})
    host.stop()


def test_a_non_confirmable_report_is_answered_by_a_non_unless_not_wanted(host):
    line = Datagrams(host.port)
    answer = line.ask(raw("52021234abcd" + READING))
    assert (answer[0], answer[1], answer[4:6]) == (0x52, 0x44, raw("abcd"))
    no_response = READING.replace("ff'[", "d1e61aff'[")  # No-Response: 26
    assert line.ask(raw("52021235abcd" + no_response), 0.3) is None
    assert host.counters()["reports"] == 2
    line.close()


def test_plain_nodes_must_be_known_where_the_settings_say_so(tmp_path):
    names = tmp_path / "nodes"
    names.write_text("n1\n")
    host = CoapHost("--plain", "known", "--plain-nodes", names).start()
    assert post(host, "c?ep=n1", b"{}", 50).code == aiocoap.CHANGED
    assert post(host, "c?ep=n2", b"{}", 50).code == aiocoap.UNAUTHORIZED
    names.write_text("n2\n")
    host.say("reload")
    assert host.wait("reload")["result"] == 0
    assert post(host, "c?ep=n1", b"{}", 50).code == aiocoap.UNAUTHORIZED
    assert post(host, "c?ep=n2", b"{}", 50).code == aiocoap.CHANGED
    host.stop()


def test_one_socket_serves_ipv4_and_ipv6():
    host = CoapHost("--listen", "::").start()
    for address in ("127.0.0.1", "127.0.0.2", "[::1]"):
        uri = f"coap://{address}:{host.port}/.well-known/core"
        assert asyncio.run(ask(aiocoap.Message(code=aiocoap.GET, uri=uri))).code == aiocoap.CONTENT
    assert host.counters()["udp_send_errors"] == 0
    host.stop()

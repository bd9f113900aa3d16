"""Firmware fetched from the CoAP driver by clients that others wrote: libcoap, aiocoap and the coap of npm."""
import asyncio
import hashlib
import os
import subprocess
import threading

import aiocoap
import pytest

from harness.coap import SIZES, CoapHost, coap_client, make_image
from harness.find import ROOT, javascript_peers, peer


@pytest.fixture
def image(tmp_path):
    return make_image(tmp_path)


@pytest.fixture
def host(image):
    running = CoapHost(image=image).start()
    yield running
    running.stop()


@pytest.mark.parametrize("szx", SIZES)
def test_libcoap_fetches(host, image, tmp_path, szx):
    out = tmp_path / "out.bin"
    coap_client("notls", "-m", "get", "-b", SIZES[szx], "-o", out, host.uri(f"fw/{host.name}"))
    assert out.read_bytes() == image.read_bytes()


@pytest.mark.parametrize("szx", SIZES)
def test_libcoap_goes_on_after_a_restart(image, tmp_path, szx):
    """The host dies in the middle of the transfer; the client repeats its request and the new one takes it up."""
    running = CoapHost("--slow-reads", 1, image=image).start()
    out = tmp_path / "out.bin"
    timer = threading.Timer(0.15, running.restart)
    timer.start()
    coap_client("notls", "-m", "get", "-b", SIZES[szx], "-o", out, running.uri(f"fw/{running.name}"))
    timer.join()
    assert out.read_bytes() == image.read_bytes()
    counters = running.counters()
    assert 0 < counters["blocks"] < len(image.read_bytes()) // SIZES[szx], "the restart came before or after"
    running.stop()


def test_libcoap_starts_at_a_middle_block(host, image, tmp_path):
    """This client fetches one block where it does not begin with block 0."""
    content, out = image.read_bytes(), tmp_path / "out.bin"
    host.restart()
    for szx, size in SIZES.items():
        half = len(content) // 2
        coap_client("notls", "-m", "get", "-b", f"{half // size},{size}", "-o", out, host.uri(f"fw/{host.name}"))
        assert out.read_bytes() == content[half:half + size], szx


def test_libcoap_fetches_over_a_line_that_loses_a_tenth(image, tmp_path):
    """The client drops what it sends; each loss costs it two to three seconds, so the image is small."""
    small = tmp_path / "small.bin"
    small.write_bytes(image.read_bytes()[:16 * 1024])
    running = CoapHost(image=small).start()
    out = tmp_path / "out.bin"
    coap_client("notls", "-l", "10%", "-m", "get", "-b", 1024, "-o", out, running.uri(f"fw/{running.name}"),
                seconds=90)
    assert out.read_bytes() == small.read_bytes()
    running.stop()


async def fetch_whole(uri, szx):
    context = await aiocoap.Context.create_client_context()
    request = aiocoap.Message(code=aiocoap.GET, uri=uri)
    request.opt.block2 = (0, False, szx)
    response = await context.request(request).response
    await context.shutdown()
    return response


async def fetch_from(uri, szx, offset, size):
    """Block by block, as a node does; the bytes, and the ETag and Size2 of every answer."""
    context = await aiocoap.Context.create_client_context()
    data, seen = b"", set()
    for number in range(offset >> (szx + 4), (size + (16 << szx) - 1) >> (szx + 4)):
        request = aiocoap.Message(code=aiocoap.GET, uri=uri)
        request.opt.block2 = (number, False, szx)
        response = await context.request(request, handle_blockwise=False).response
        assert response.code == aiocoap.CONTENT
        data += response.payload
        seen.add((response.opt.etag, response.opt.size2))
    await context.shutdown()
    return data, seen


@pytest.mark.parametrize("szx", SIZES)
def test_aiocoap_fetches(host, image, szx):
    response = asyncio.run(fetch_whole(host.uri(f"fw/{host.name}"), szx))
    assert response.code == aiocoap.CONTENT
    assert response.payload == image.read_bytes()
    assert response.opt.content_format == 42


@pytest.mark.parametrize("szx", SIZES)
def test_aiocoap_resumes_after_a_restart(host, image, szx):
    content = image.read_bytes()
    host.restart()
    data, seen = asyncio.run(fetch_from(host.uri(f"fw/{host.name}"), szx, len(content) // 2, len(content)))
    assert data == content[len(content) // 2:]
    assert seen == {(hashlib.sha256(content).digest()[:8], len(content))}


def npm_fetch(uri, szx, number):
    environment = {**os.environ, "NODE_PATH": javascript_peers()}
    command = [peer("node"), ROOT / "tests" / "peers" / "coap_fetch.js", uri, str(szx), str(number)]
    return subprocess.run(command, env=environment, capture_output=True, timeout=120, check=True).stdout


@pytest.mark.parametrize("szx", SIZES)
def test_npm_coap_fetches(host, image, szx):
    assert npm_fetch(host.uri(f"fw/{host.name}"), szx, 0) == image.read_bytes()


@pytest.mark.parametrize("szx", SIZES)
def test_npm_coap_resumes_after_a_restart(host, image, szx):
    half = len(image.read_bytes()) // 2
    host.restart()
    assert npm_fetch(host.uri(f"fw/{host.name}"), szx, half // SIZES[szx]) == image.read_bytes()[half:]


def test_blocks_that_come_late_from_the_disk_are_waited_for(image, tmp_path):
    small = tmp_path / "small.bin"
    small.write_bytes(image.read_bytes()[:20 * 1024])
    running = CoapHost("--slow-reads", 30, image=small).start()
    out = tmp_path / "out.bin"
    coap_client("notls", "-m", "get", "-b", 1024, "-o", out, running.uri(f"fw/{running.name}"))
    assert out.read_bytes() == small.read_bytes()
    assert running.counters()["udp_parked"] == 20
    running.stop()

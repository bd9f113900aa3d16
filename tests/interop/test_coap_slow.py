"""A transfer so slow that servers which keep state per transfer have forgotten it: one block a second."""
import asyncio
import hashlib

import aiocoap

from harness.coap import CoapHost, make_image

SECONDS = 100  # libcoap's own helper drops ETag and Size2 after 93


async def fetch_slowly(uri):
    context = await aiocoap.Context.create_client_context()
    data, seen = b"", []
    for number in range(SECONDS):
        request = aiocoap.Message(code=aiocoap.GET, uri=uri)
        request.opt.block2 = (number, False, 2)
        response = await context.request(request, handle_blockwise=False).response
        assert response.code == aiocoap.CONTENT
        assert response.opt.block2.block_number == number
        data += response.payload
        seen.append((response.opt.etag, response.opt.size2))
        await asyncio.sleep(1)
    await context.shutdown()
    return data, seen


def test_etag_and_size2_stay_to_the_end(tmp_path):
    image = make_image(tmp_path)
    content = image.read_bytes()
    host = CoapHost(image=image).start()
    data, seen = asyncio.run(fetch_slowly(host.uri(f"fw/{host.name}")))
    assert data == content[:SECONDS * 64]
    assert seen == [(hashlib.sha256(content).digest()[:8], len(content))] * SECONDS
    host.stop()

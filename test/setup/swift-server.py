"""
An S3 server for the tests: OpenStack Swift with s3api, all in one process. Called with a folder and a port. It prints
`ready` when it takes requests. The objects are in the folder, and are there again after the next start. The key of its
user is `test:tester`, the secret `testing`; `test:other`, with the same secret, may do nothing.
"""
import os
import socket
import sys

import eventlet

eventlet.monkey_patch()
from eventlet import wsgi  # noqa: E402
from paste.deploy import loadapp  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402

folder, port = sys.argv[1:]
devices = os.path.join(folder, "devices")
nowhere = open(os.devnull, "w")

proxy_settings = f"""
[DEFAULT]
swift_dir = {folder}
log_level = WARNING
[pipeline:main]
pipeline = catch_errors cache bulk s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
max_upload_part_num = 10000
max_bucket_listing = 20
max_parts_listing = 2
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
user_test_other = testing
[filter:slo]
use = egg:swift#slo
"""


def write(name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def listen(on):
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", on))
    taken.listen(128)
    return taken


def write_ring(kind, on):
    """Tells the proxy on which port the server of this kind listens."""
    builder = RingBuilder(2, 1, 1)
    disk = {"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": on, "device": "disk"}
    builder.add_dev(disk)
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, f"{kind}.ring.gz"))


def serve(taken, application):
    wsgi.server(taken, application, log=nowhere, log_output=False, custom_pool=eventlet.GreenPool(200))


def start_storage():
    from swift.account.server import AccountController
    from swift.container.server import ContainerController
    from swift.obj.server import ObjectController

    settings = {"devices": devices, "swift_dir": folder, "mount_check": "false", "log_level": "WARNING"}
    kinds = {"account": AccountController, "container": ContainerController, "object": ObjectController}
    for kind, controller in kinds.items():
        taken = listen(0)
        write_ring(kind, taken.getsockname()[1])
        eventlet.spawn(serve, taken, controller(settings))


os.makedirs(os.path.join(devices, "disk"), exist_ok=True)
write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = tests\n")
write("proxy-server.conf", proxy_settings)
utils.SWIFT_CONF_FILE = os.path.join(folder, "swift.conf")
utils.validate_hash_conf()
start_storage()
proxy = loadapp("config:" + os.path.join(folder, "proxy-server.conf"))
front = listen(int(port))
print("ready", flush=True)
serve(front, proxy)

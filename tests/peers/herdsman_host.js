// Drives a Zigbee stick with zigbee-herdsman: commands as lines of JSON on standard input, answers as lines of JSON.
// Usage: herdsman_host.js FOLDER PATH ADAPTER [BLOCK_BYTES]
"use strict";
const path = require("node:path");
const readline = require("node:readline");
const { Controller, setLogger } = require("zigbee-herdsman");

const [folder, port, adapter, blockBytes] = process.argv.slice(2);

function say(what, more = {}) {
    process.stdout.write(JSON.stringify({ what, ...more }) + "\n");
}

const note = (level) => (message) => {
    const text = typeof message === "function" ? message() : message;
    if (level !== "debug" || process.env.HERDSMAN_DEBUG) process.stderr.write(`${level} ${text}\n`);
};
setLogger({ debug: note("debug"), info: note("info"), warning: note("warning"), error: note("error") });

const controller = new Controller({
    network: {
        panID: 0x1a62, extendedPanID: [1, 2, 3, 4, 5, 6, 7, 8], channelList: [15], networkKeyDistribute: false,
        networkKey: [1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13],
    },
    serialPort: { path: port, adapter, baudRate: 115200, rtscts: false },
    adapter: {},
    databasePath: path.join(folder, "database.db"),
    databaseBackupPath: path.join(folder, "database.db.backup"),
    backupPath: path.join(folder, "coordinator_backup.json"),
    acceptJoiningDeviceHandler: async () => true,
});

controller.on("deviceJoined", ({ device }) => say("joined", { eui64: device.ieeeAddr }));
controller.on("deviceLeave", ({ ieeeAddr }) => say("left", { eui64: ieeeAddr }));
controller.on("adapterDisconnected", () => say("disconnected"));
controller.on("deviceInterview", ({ status, device }) => {
    if (status !== "started") {
        say("interviewed", {
            eui64: device.ieeeAddr, ok: status === "successful", model: device.modelID, maker: device.manufacturerName,
            manufacturer: device.manufacturerID, power: device.powerSource,
            endpoints: device.endpoints.map((e) => ({ id: e.ID, profile: e.profileID, servers: e.inputClusters, clients: e.outputClusters })),
        });
    }
});
controller.on("message", ({ type, device, cluster, data }) => {
    if (type === "attributeReport") say("report", { eui64: device.ieeeAddr, cluster, data });
});

const commands = {
    permit: async ({ seconds }) => { await controller.permitJoin(seconds); return {}; },
    read: async ({ eui64, cluster, attributes }) => ({
        values: await controller.getDeviceByIeeeAddr(eui64).endpoints[0].read(cluster, attributes),
    }),
    reporting: async ({ eui64, cluster, items }) => {
        const endpoint = controller.getDeviceByIeeeAddr(eui64).endpoints[0];
        await endpoint.bind(cluster, controller.getDevicesByType("Coordinator")[0].endpoints[0]);
        await endpoint.configureReporting(cluster, items);
        return {};
    },
    update: async ({ eui64, file }) => {
        const settings = { requestTimeout: 60000, responseDelay: 0, baseSize: Number(blockBytes ?? 50) };
        const device = controller.getDeviceByIeeeAddr(eui64);
        const began = process.hrtime.bigint();
        const [, current] = await device.updateOta({ url: file }, undefined, undefined, {}, () => {}, settings);
        return { version: current?.fileVersion, seconds: Number(process.hrtime.bigint() - began) / 1e9 };
    },
    remove: async ({ eui64 }) => { await controller.getDeviceByIeeeAddr(eui64).removeFromNetwork(); return {}; },
    network: async () => await controller.getNetworkParameters(),
    backup: async () => { await controller.backup(); return {}; },
    quit: async () => { await controller.stop(); return {}; },
};

async function run(line) {
    const { command, ...more } = JSON.parse(line);
    try {
        say(command, await commands[command](more));
    } catch (error) {
        say("failed", { command, why: error.message });
    }
    if (command === "quit") process.exit(0);
}

controller.start().then(
    (result) => {
        say("started", { result });
        readline.createInterface({ input: process.stdin }).on("line", run);
    },
    (error) => { say("failed", { command: "start", why: error.message }); process.exit(1); });

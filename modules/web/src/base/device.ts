// What this browser is called in the list of sessions: "Firefox on Linux". Kept rough on purpose.

const browsers: [RegExp, string][] = [
    [/\bEdg(?:e|A|iOS)?\//, "Edge"],
    [/\bOPR\//, "Opera"],
    [/\bSamsungBrowser\//, "Samsung Internet"],
    [/\b(?:Firefox|FxiOS)\//, "Firefox"],
    [/\b(?:Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
    [/\bSafari\//, "Safari"],
];
const systems: [RegExp, string][] = [
    [/\b(?:iPhone|iPad|iPod)\b/, "iOS"],
    [/\bAndroid\b/, "Android"],
    [/\bWindows\b/, "Windows"],
    [/\bMac OS X\b/, "macOS"],
    [/\bCrOS\b/, "ChromeOS"],
    [/\bLinux\b/, "Linux"],
];

function first(table: [RegExp, string][], agent: string): string | null {
    return table.find(([pattern]) => pattern.test(agent))?.[1] ?? null;
}

export function device_name(agent: string): string {
    const browser = first(browsers, agent) ?? "Browser";
    const system = first(systems, agent);
    return system ? `${browser} on ${system}` : browser;
}

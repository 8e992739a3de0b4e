// The addresses of the client, as one typed signal. Secrets in the fragment are read once and taken out of
// the address bar.
import { signal } from "@preact/signals";

export const settings_places = ["profile", "sessions", "password", "appearance", "keys"] as const;
export type SettingsPlace = (typeof settings_places)[number];

export type Route =
    | { at: "home" }
    | { at: "chat"; conversation: string; seq?: number }
    | { at: "settings"; place: SettingsPlace | null }
    | { at: "invites" }
    | { at: "setup" }
    | { at: "invite" }
    | { at: "register" };

export function parse(path: string): Route {
    const [first, second, third, fourth] = path.split("/").filter((part) => part !== "");
    if (first === "c" && second && /^\d{1,20}$/.test(second)) {
        const seq = third === "m" && fourth && /^\d{1,15}$/.test(fourth) ? Number(fourth) : undefined;
        return { at: "chat", conversation: second, seq };
    }
    if (first === "settings")
        return { at: "settings", place: settings_places.find((place) => place === second) ?? null };
    if (first === "invites" || first === "setup" || first === "invite" || first === "register")
        return { at: first };
    return { at: "home" };
}

export function path_of(route: Route): string {
    switch (route.at) {
        case "home":
            return "/";
        case "chat":
            return route.seq === undefined
                ? `/c/${route.conversation}`
                : `/c/${route.conversation}/m/${route.seq}`;
        case "settings":
            return route.place ? `/settings/${route.place}` : "/settings";
        default:
            return `/${route.at}`;
    }
}

export const route = signal<Route>({ at: "home" });

/** Counts how often one was sent to a message, so that going to the same one again goes there again. */
export const leaps = signal(0);

export function go(to: Route, how: "push" | "replace" = "push"): void {
    const path = path_of(to);
    if (how === "replace" || path === location.pathname) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    if (to.at === "chat" && to.seq !== undefined) leaps.value++;
    route.value = to;
}

const secrets = new Map<string, string>();

/** A value that came in the fragment of the address, such as the code of an invite. */
export function secret(name: string): string {
    return secrets.get(name) ?? "";
}

export function forget_secrets(): void {
    secrets.clear();
}

function read_fragment(): void {
    if (location.hash.length <= 1) return;
    for (const [name, value] of new URLSearchParams(location.hash.slice(1))) secrets.set(name, value);
    history.replaceState(null, "", location.pathname + location.search);
}

export function start_routes(): void {
    const read = () => {
        read_fragment();
        route.value = parse(location.pathname);
    };
    read();
    addEventListener("popstate", read);
    addEventListener("hashchange", read);
}

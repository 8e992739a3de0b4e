// What is on the screen: the pages before one is in, or the shell.
import { t } from "../i18n/language";
import { phase, server, server_failed } from "../store/state";
import { load_server } from "../client";
import { Card } from "./entry/card";
import { AlreadyIn, Register } from "./entry/register";
import { SetUp } from "./entry/setup";
import { SignIn } from "./entry/sign_in";
import { Toasts } from "./parts/toast";
import { route } from "./route";
import { Shell } from "./shell/shell";

export function App() {
    return (
        <>
            <Page />
            <Toasts />
        </>
    );
}

function Page() {
    const now = route.value;
    if (phase.value === "starting") return null;
    if (phase.value === "signed_in") {
        if (now.at === "setup") return <SetUp />;
        return now.at === "invite" || now.at === "register" ? <AlreadyIn /> : <Shell />;
    }
    if (!server.value) return server_failed.value ? <Unreachable /> : null;
    if (now.at === "setup") return <SetUp />;
    if (now.at === "invite" || now.at === "register")
        return <Register key={now.at} invited={now.at === "invite"} />;
    return <SignIn />;
}

function Unreachable() {
    return (
        <Card title={t("sign_in.unreachable")} lead={t("error.network")}>
            <button type="button" class="strong" onClick={() => void load_server()}>
                {t("common.retry")}
            </button>
        </Card>
    );
}

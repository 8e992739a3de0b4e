// A QR code as one SVG path. Loaded only where one is shown.
import { encode } from "uqr";
import { t } from "../../i18n/language";

const quiet_zone = 2;

function path_of(rows: boolean[][]): string {
    let path = "";
    rows.forEach((row, y) => row.forEach((dark, x) => dark && (path += `M${x} ${y}h1v1h-1z`)));
    return path;
}

export default function Qr({ text }: { text: string }) {
    const { data, size } = encode(text, { ecc: "M", border: quiet_zone });
    return (
        <svg
            class="qr"
            viewBox={`0 0 ${size} ${size}`}
            role="img"
            aria-label={t("invites.qr_alt")}
            shape-rendering="crispEdges"
        >
            <path d={path_of(data)} />
        </svg>
    );
}

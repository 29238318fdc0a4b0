// Small helps for those who have a keyboard; every page works without this file.
"use strict";
document.addEventListener("keydown", (e) => {
	if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) return;
	if (e.key === "/") {
		const q = document.getElementById("q");
		if (q) { e.preventDefault(); q.focus(); q.select(); }
	} else if (e.key === "?") {
		location.href = "/help#keys";
	} else if (e.key === "j" || e.key === "k") {
		const rows = [...document.querySelectorAll(".rows > li, tbody > tr")].map((r) => r.querySelector("a")).filter(Boolean);
		const at = rows.findIndex((a) => a.closest("li, tr").contains(document.activeElement));
		const to = rows[e.key === "j" ? at + 1 : Math.max(at - 1, 0)];
		if (to) to.focus();
	}
});
for (const b of document.querySelectorAll("[data-print]")) {
	b.hidden = false;
	b.addEventListener("click", () => window.print());
}
const faults = document.getElementById("faults");
if (faults) faults.focus();

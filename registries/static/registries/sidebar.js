/* Loaded before the page is drawn: the sidebar is where it was left from the start. Django's own
   script moves the whole page for it once everything is there. */
"use strict";
try {
    const isOpen = localStorage.getItem("django.admin.navSidebarIsOpen") !== "false";
    document.documentElement.classList.toggle("reg-sidebar-open", isOpen);
} catch {
    // No storage: Django's script has none either.
}

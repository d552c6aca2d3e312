"""The script that Streamlit runs for each look at the dashboard: the navigation, and the page that was chosen.

Belongs here: which pages there are. Does not: what is on them (`views/`), or starting the server (`server.py`).
"""

import streamlit as st

from fq_platform.dashboard.views import ifco

st.set_page_config(page_title="FQ Platform", page_icon=":material/monitoring:", layout="wide")

PAGES = {
    "Crates and commissions": [
        st.Page(ifco.crate_distribution, title="Crate distribution", url_path="crate-distribution"),
        st.Page(ifco.contacts, title="Contacts and addresses", url_path="contacts"),
        st.Page(ifco.commissions, title="Commissions", url_path="commissions"),
        st.Page(ifco.company_owners, title="Sales owners of companies", url_path="company-owners"),
        st.Page(ifco.crate_orders, title="Crate orders over time", url_path="crate-orders"),
        st.Page(ifco.training, title="Training on plastic crates", url_path="training"),
        st.Page(ifco.top_owners, title="Monthly top five", url_path="top-owners"),
    ],
}

st.navigation(PAGES).run()

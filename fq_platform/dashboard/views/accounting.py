"""The pages on revenue, VAT, debts and payments.

Belongs here: filters, questions, charts and tables of each page. Does not: their SQL (`questions/accounting.py`).
"""

import streamlit as st

from fq_platform.contracts.marts import MATCH_STATUSES, MATCHED, OPEN_BUCKETS, VOID
from fq_platform.dashboard import charts, filters
from fq_platform.dashboard.answers import ask
from fq_platform.dashboard.formats import bucket, in_words, status
from fq_platform.dashboard.page import answer, heading, told
from fq_platform.dashboard.questions import accounting

MOST_BARS = 20
"""A chart of customers shows the first so many; the table has all."""
UNSETTLED = [status for status in MATCH_STATUSES if status not in (MATCHED, VOID)]


def ageing() -> None:
    """Receivables by age."""
    heading("Receivables ageing", "What customers owe at the end of a day, by how long it is overdue.")
    with told():
        left, middle, right = st.columns(3)
        with left:
            day = filters.day("As of", "as_of_date", accounting.AGEING)
        with middle:
            currency = filters.currency(accounting.AGEING)
        with right:
            customers = filters.choices("Customer", "customer_name", accounting.CUSTOMERS)
        rows = ask(accounting.ageing(day, currency, customers))
        named = in_words(rows, "age_bucket", bucket)
        chart = charts.ranked_bars(
            named,
            label="age_bucket",
            value="open_amount",
            title=f"Open amount by days past due, {day}",
            axes=(f"Open amount ({currency})", "Days past due"),
            texts={
                "age_bucket": "Days past due",
                "open_amount": f"Open ({currency})",
                "invoice_count": "Invoices",
                "customer_count": "Customers",
            },
        )
        by_customer = ask(accounting.ageing_by_customer(day, currency, customers))
        columns = {accounting.bucket_column(each): bucket(each) for each in OPEN_BUCKETS}
        answer(
            by_customer,
            f"receivables_{day}_{currency}",
            {"customer": "Customer", "open_amount": f"Open ({currency})", "overdue_amount": "Overdue"} | columns,
            chart,
            note=f"All amounts in {currency}.",
        )


def revenue() -> None:
    """Revenue by day, customer and category."""
    heading("Revenue", "What orders state after discount, without VAT; cancelled orders count nowhere.")
    with told():
        left, middle, right = st.columns(3)
        with left:
            period = filters.period("order_date", accounting.BY_DAY)
        with middle:
            currency = filters.currency(accounting.BY_DAY)
        with right:
            customers = filters.choices("Customer (in the table of customers)", "customer_name", accounting.BY_CUSTOMER)
        by_day, by_customer, by_category = st.tabs(["By day", "By customer", "By category"])
        titles = {
            "revenue_amount": f"Revenue ({currency})",
            "returned_amount": f"Of it returned ({currency})",
            "discount_amount": f"Discount ({currency})",
            "order_count": "Orders",
        }
        with by_day, told():
            rows = ask(accounting.revenue_by_day(period, currency))
            chart = charts.daily_bars(rows, "order_date", "revenue_amount", "Revenue by day", titles)
            answer(rows, f"revenue_by_day_{currency}", {"order_date": "Day"} | titles, chart)
        with by_customer, told():
            rows = ask(accounting.revenue_by_customer(period, currency, customers))
            chart = charts.ranked_bars(
                rows.slice(0, MOST_BARS),
                label="customer_name",
                value="revenue_amount",
                title=f"Revenue by customer, the first {MOST_BARS}",
                axes=(titles["revenue_amount"], "Customer"),
                texts={"customer_name": "Customer"} | titles,
            )
            shown = {"customer_name": "Customer", "customer_country": "Country"} | titles
            answer(rows, f"revenue_by_customer_{currency}", shown, chart)
        with by_category, told():
            rows = ask(accounting.revenue_by_category(period, currency))
            chart = charts.ranked_bars(
                rows,
                label="product_category",
                value="revenue_amount",
                title="Revenue by product category",
                axes=(titles["revenue_amount"], "Category"),
                texts={"product_category": "Category"} | titles,
            )
            answer(rows, f"revenue_by_category_{currency}", {"product_category": "Category"} | titles, chart)


def vat() -> None:
    """The VAT report."""
    heading("VAT report", "VAT invoiced, by month and rate: what the invoice lines state, added up.")
    with told():
        left, right = st.columns(2)
        with left:
            period = filters.period("invoice_date", accounting.VAT)
        with right:
            currency = filters.currency(accounting.VAT)
        rows = ask(accounting.vat(period, currency))
        titles = {
            "month": "Month",
            "rate": "VAT rate",
            "net_amount": f"Net ({currency})",
            "vat_amount": f"VAT ({currency})",
            "gross_amount": f"Gross ({currency})",
            "invoice_count": "Invoices",
        }
        answer(rows, f"vat_{currency}", titles, charts.monthly_vat(rows, "VAT by month and rate", titles))


def matching() -> None:
    """Payments matched to invoices."""
    heading("Payment matching", "Each payment beside the invoice that it names, and what is left of either.")
    with told():
        left, middle, right = st.columns(3)
        with left:
            period = filters.period("coalesce(payment_date, invoice_date)", accounting.MATCHING)
        with middle:
            currency = filters.currency(accounting.MATCHING)
        with right:
            customers = filters.choices("Customer", "customer_name", accounting.CUSTOMERS)
        statuses = st.multiselect(
            "What came of it", MATCH_STATUSES, UNSETTLED, format_func=status, placeholder="All", key="match status"
        )
        rows = in_words(ask(accounting.matching(period, currency, customers)), "match_status", status)
        texts = {"match_status": "What came of it", "row_count": "Rows", "difference_amount": f"Left ({currency})"}
        chart = charts.ranked_bars(
            rows,
            label="match_status",
            value="row_count",
            title="Payments, and invoices without any, by what came of them",
            axes=("Payments and unpaid invoices", "What came of it"),
            texts=texts,
        )
        if rows.num_rows:
            st.altair_chart(chart, width="stretch")
        listed = in_words(ask(accounting.matches(period, currency, statuses, customers)), "match_status", status)
        answer(
            listed,
            f"payment_matching_{currency}",
            {
                "match_status": "What came of it",
                "customer": "Customer",
                "invoice_number": "Invoice",
                "due_date": "Due",
                "invoiced_amount": f"Invoiced ({currency})",
                "payment_number": "Payment",
                "payment_date": "Paid on",
                "payment_amount": f"Paid ({currency})",
                "difference_amount": f"Difference ({currency})",
                "paid_amount": f"All payments ({currency})",
                "invoice_date": "Invoiced on",
            },
            note="Difference: all payments less invoiced. In brackets it is below zero, and owed; else it is credit.",
        )


def reconciliation() -> None:
    """Raw, curated and marts compared."""
    heading("Reconciliation", "Raw = curated = mart: counts and amounts of each day on both sides, to the cent.")
    with told():
        period = filters.period("reconciled_date", accounting.RECONCILIATION)
        rows = in_words(ask(accounting.reconciled(period)), "step", status)
        differing = ask(accounting.differences(period))
        if rows.num_rows and not differing.num_rows:
            compared = sum(rows.column("day_count").to_pylist())
            st.success(f"All {compared:,} comparisons agree to the cent.", icon=":material/check_circle:")
        titles = {
            "step": "Step",
            "source_table": "From",
            "target_table": "To",
            "currency": "Currency",
            "day_count": "Days",
            "source_amount": "Amount from",
            "target_amount": "Amount to",
            "difference_amount": "Difference",
            "differing_days": "Differing",
            "pending_days": "Pending",
        }
        answer(
            rows,
            "reconciliation",
            titles,
            note="Pending: the table on the right has not been made since the other one changed, and follows.",
        )
        if differing.num_rows:
            st.subheader("Days that differ")
            days = {
                "reconciled_date": "Day",
                "source_table": "From",
                "target_table": "To",
                "currency": "Currency",
                "source_count": "Count from",
                "target_count": "Count to",
                "source_amount": "Amount from",
                "target_amount": "Amount to",
                "difference_amount": "Difference",
                "is_pending": "Pending",
            }
            answer(differing, "reconciliation_differences", days)

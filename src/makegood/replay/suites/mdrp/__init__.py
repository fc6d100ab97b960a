"""The suite `mdrp`: recorded days of meal delivery, dispatched decision by decision.

`days` reads them, `play` lets the planner decide and keeps the record, `scoring` measures it, and
`suite` puts it together. The rules are those of the instance paper and of Reyes, Erera,
Savelsbergh, Sahasrabudhe and O'Neil 2018, "The Meal Delivery Routing Problem".
"""

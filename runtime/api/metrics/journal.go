package metrics

var journalMetrics = []Definition{
	{"lbsync_journal_records_total", Counter, "Sequence number of the journal's last record; it outlives the agent.", nil,
		one(func(s *Scrape) float64 { return float64(s.Status.Journal.Seq) })},
	{"lbsync_journal_broken", Gauge, "1 when the journal was found altered, until an operator accepts it.", nil,
		one(func(s *Scrape) float64 { return truth(s.Status.Journal.Broken != nil) })},
}

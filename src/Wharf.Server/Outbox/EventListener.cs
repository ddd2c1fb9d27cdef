namespace Wharf.Server.Outbox;

/// <summary>What a slice forgets when another replica changed something; registered as a singleton. It may be called again for the same event.</summary>
internal sealed record EventListener(Action<OutboxEvent> On);

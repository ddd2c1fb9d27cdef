using Wharf.Server.Data;

namespace Wharf.Server.Outbox;

internal static class OutboxSetup
{
    /// <summary>Only where several processes share a database; the one process of SQLite knows what it did.</summary>
    public static void AddOutbox(this WebApplicationBuilder builder)
    {
        if (!builder.UsesPostgres())
            return;
        builder.Services.AddHostedService<EventTail>().AddHostedService<EventSequencer>();
    }
}

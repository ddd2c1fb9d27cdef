using Wharf.Server.Data;

namespace Wharf.Server.Outbox;

internal static class OutboxSetup
{
    public static void AddOutbox(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<EventReader>();
        // The one process of SQLite knows what it did.
        if (!builder.UsesPostgres())
            return;
        builder.Services.AddHostedService<EventTail>().AddHostedService<EventSequencer>();
    }
}

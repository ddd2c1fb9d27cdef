using Wharf.Server.Content;

namespace Wharf.Server.Robots;

internal static class RobotsSetup
{
    public static void AddRobots(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<RobotStore>().AddSingleton(new NamespacePurge(RobotStore.PurgeAsync));
}

using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Wharf.Server.Hosting;

namespace Wharf.Tests.Server;

/// <summary>What Program.cs composes, for an application in the test's process. They are local functions there, of no class that could be named.</summary>
internal static class ProgramParts
{
    public static Action<WebApplicationBuilder> Add { get; } = Part<Action<WebApplicationBuilder>>("Add");

    public static Action<WebApplication> Use { get; } = Part<Action<WebApplication>>("Use");

    public static Action<WebApplication> Map { get; } = Part<Action<WebApplication>>("Map");

    private static T Part<T>(string name) where T : Delegate => typeof(ServerApp).Assembly.EntryPoint!.DeclaringType!
        .GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
        .Single(m => m.Name.Contains($"g__{name}|", StringComparison.Ordinal))
        .CreateDelegate<T>();
}

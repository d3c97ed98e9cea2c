// Plays simulated clusters from the command line.
#include "simulation/tool/tool.hpp"

int main(int count, char** words) { return synod::simulation::tool::run(count, words); }
